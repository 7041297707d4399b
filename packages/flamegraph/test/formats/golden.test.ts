import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { type Profile, ProfileBuilder, type ProfileFormatName, profileFormats } from "../../src/index.js";
import { batchOf } from "../profile-of.js";
import { written } from "./readers.js";

/** Two threads; one of them sleeps for a while, and calls itself. */
function small(): Profile {
  const builder = new ProfileBuilder({
    command: ["python3", "app.py"],
    rate: 100,
    startTime: 1_700_000_000_000,
    versions: { pyspy: "1.2.3", python: "3.12.1" },
  });
  const main = batchOf(`
    main@/srv/app.py:9;work@/srv/app.py:3 2
    main@/srv/app.py:9;work@/srv/app.py:4;work@/srv/app.py:4;dumps@/usr/lib/python3.12/json/__init__.py:231 1
    main@/srv/app.py:8 1
  `);
  const other = batchOf("run@/usr/lib/python3.12/threading.py:982;größe@/srv/a b.py:7 2", {
    thread: { tid: 42, name: "worker;1" },
  });
  builder.add({ ...main, samples: { ...main.samples, time: Float64Array.of(10e6, 20e6, 520e6, 530e6) } });
  builder.add({ ...other, reset: true });
  return builder.finish(600e6);
}

/**
 * What was written once and found right by readers of these formats: flame graphs have golden files of their own. Bytes are
 * shown as text, one a character; what gzip makes of them depends on its version. After a change to a format:
 * `npx vitest run -u test/formats/golden.test.ts`, and look at the difference.
 */
test.each((Object.keys(profileFormats) as ProfileFormatName[]).filter((format) => format !== "flamegraph"))(
  "%s of a small profile is the file that it was",
  async (format) => {
    const bytes = await written(format, small());
    const { text } = profileFormats[format];
    const content = text ? bytes.toString("utf8") : escaped(format === "pprof" ? gunzipSync(bytes) : bytes);
    await expect(content).toMatchFileSnapshot(`../fixtures/golden/small.${format}${text ? "" : ".escaped"}`);
  },
);

function escaped(bytes: Buffer): string {
  const text = bytes.toString("latin1");
  return text.replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
