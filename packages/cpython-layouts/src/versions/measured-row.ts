import { cpython_2_3_7 } from "./cpython-2.3.7.js";
import { cpython_2_4_6 } from "./cpython-2.4.6.js";
import { cpython_2_5_6 } from "./cpython-2.5.6.js";
import { cpython_2_6_9 } from "./cpython-2.6.9.js";
import { cpython_2_7_18 } from "./cpython-2.7.18.js";
import { cpython_3_3_7 } from "./cpython-3.3.7.js";
import { cpython_3_4_10 } from "./cpython-3.4.10.js";
import { cpython_3_5_10 } from "./cpython-3.5.10.js";
import { cpython_3_6_15 } from "./cpython-3.6.15.js";
import { cpython_3_7_16 } from "./cpython-3.7.16.js";
import { cpython_3_8_18 } from "./cpython-3.8.18.js";
import { cpython_3_9_18 } from "./cpython-3.9.18.js";
import { cpython_3_10_13 } from "./cpython-3.10.13.js";
import { cpython_3_11_7 } from "./cpython-3.11.7.js";
import { cpython_3_12_1 } from "./cpython-3.12.1.js";
import { cpython_3_13_0 } from "./cpython-3.13.0.js";
import { cpython_3_13_15t } from "./cpython-3.13.15t.js";
import { cpython_3_13_18 } from "./cpython-3.13.18.js";
import { cpython_3_14_10 } from "./cpython-3.14.10.js";
import { cpython_3_14_10t } from "./cpython-3.14.10t.js";
import { cpython_3_15_2 } from "./cpython-3.15.2.js";
import { cpython_3_15_2t } from "./cpython-3.15.2t.js";
import {
  cpython_2_7_18_i386,
  cpython_3_6_15_i386,
  cpython_3_7_16_i386,
  cpython_3_8_18_i386,
  cpython_3_9_18_i386,
  cpython_3_10_13_i386,
  cpython_3_11_7_i386,
  cpython_3_12_1_i386,
} from "./i386.js";
import type { MeasuredKey } from "./measured-key.js";

/** What was measured of one build: offsets and sizes in bytes, and constants. */
export type MeasuredRow = Readonly<Partial<Record<MeasuredKey, number>>>;

/** The builds whose headers were measured. Within a minor version others differ only as `layout-for.ts` says. */
const texts = {
  "2.3.7": cpython_2_3_7,
  "2.4.6": cpython_2_4_6,
  "2.5.6": cpython_2_5_6,
  "2.6.9": cpython_2_6_9,
  "2.7.18": cpython_2_7_18,
  "3.3.7": cpython_3_3_7,
  "3.4.10": cpython_3_4_10,
  "3.5.10": cpython_3_5_10,
  "3.6.15": cpython_3_6_15,
  "3.7.16": cpython_3_7_16,
  "3.8.18": cpython_3_8_18,
  "3.9.18": cpython_3_9_18,
  "3.10.13": cpython_3_10_13,
  "3.11.7": cpython_3_11_7,
  "3.12.1": cpython_3_12_1,
  "3.13.0": cpython_3_13_0,
  "3.13.15t": cpython_3_13_15t,
  "3.13.18": cpython_3_13_18,
  "3.14.10": cpython_3_14_10,
  "3.14.10t": cpython_3_14_10t,
  "3.15.2": cpython_3_15_2,
  "3.15.2t": cpython_3_15_2t,
  // The same for i386.
  "2.7.18-i386": cpython_2_7_18_i386,
  "3.6.15-i386": cpython_3_6_15_i386,
  "3.7.16-i386": cpython_3_7_16_i386,
  "3.8.18-i386": cpython_3_8_18_i386,
  "3.9.18-i386": cpython_3_9_18_i386,
  "3.10.13-i386": cpython_3_10_13_i386,
  "3.11.7-i386": cpython_3_11_7_i386,
  "3.12.1-i386": cpython_3_12_1_i386,
};

/** `3.13.0`, `3.13.15t` (free-threaded), `3.8.18-i386`. */
export type MeasuredBuild = keyof typeof texts;

/** Reads the row of a build. */
export function measuredRow(build: MeasuredBuild): MeasuredRow {
  const row: Record<string, number> = {};
  for (const line of texts[build].split(";")) {
    const space = line.lastIndexOf(" ");
    row[line.slice(0, space)] = Number(line.slice(space + 1));
  }
  return row;
}
