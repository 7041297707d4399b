import { gzipSync } from "node:zlib";
import { ProtobufWriter } from "../bytes/protobuf-writer.js";
import { printable } from "../printable-text.js";
import type { Profile } from "../profile.js";
import { intervalOf } from "../sample-weights.js";
import { ShownStacks } from "../shown-stacks.js";
import { shownTotals } from "../shown-totals.js";
import { creatorOf, type FormatOptions, titleOf } from "./format-options.js";
import { StringTable } from "./string-table.js";

/**
 * Writes a gzipped pprof profile (https://github.com/google/pprof, proto/profile.proto), for `go tool pprof`, Pyroscope, Parca.
 *
 * A sample is what one thread spent in one stack, with its values: `samples` (count), `wall` (the nanoseconds that the samples
 * stand for, see `SampleWeights`) and, where it was measured, `cpu` (nanoseconds). Labels: `thread`, `thread_id`, `pid`.
 * A location is a function and a line; Python code has no addresses, and the one mapping says that there is nothing to
 * symbolize.
 */
export function* pprof(profile: Profile, options: FormatOptions = {}): Generator<Uint8Array> {
  const shown = new ShownStacks(profile, options);
  const { totals, hasCpu } = shownTotals(profile, shown, true, options);
  const strings = new StringTable();
  const { metadata } = profile;
  const writer = new ProtobufWriter();
  const valueType = (field: number, type: string, unit: string) =>
    writer.message(field, (message) => {
      message.integer(1, strings.idOf(type));
      message.integer(2, strings.idOf(unit));
    });

  valueType(PROFILE.sampleType, "samples", "count");
  valueType(PROFILE.sampleType, "wall", "nanoseconds");
  if (hasCpu) valueType(PROFILE.sampleType, "cpu", "nanoseconds");
  for (const { thread, stack, samples, time, cpu } of totals) {
    const record = profile.threads[thread];
    const process = profile.processes[record?.process ?? -1];
    writer.message(PROFILE.sample, (sample) => {
      sample.packed(
        1,
        shown.framesOf(stack).map((frame) => frame + 1),
      );
      sample.packed(2, [samples, time, ...(hasCpu ? [cpu] : [])].map(Math.round));
      if (record !== undefined && record.name !== "") {
        sample.message(3, (label) => {
          label.integer(1, strings.idOf("thread"));
          label.integer(2, strings.idOf(printable(record.name)));
        });
      }
      const numbers = { thread_id: record?.tid || record?.pythonId, pid: process?.pid };
      for (const [key, number = 0] of Object.entries(numbers)) {
        if (number === 0) continue;
        sample.message(3, (label) => {
          label.integer(1, strings.idOf(key));
          label.integer(3, number);
        });
      }
    });
  }
  writer.message(PROFILE.mapping, (mapping) => {
    mapping.integer(1, 1);
    mapping.integer(5, strings.idOf(printable(metadata.command[0] ?? "")));
    for (const field of [7, 8, 9]) mapping.integer(field, 1);
  });
  for (let frame = 0; frame < shown.frames.size; frame++) {
    writer.message(PROFILE.location, (location) => {
      location.integer(1, frame + 1);
      location.integer(2, 1);
      location.message(4, (line) => {
        line.integer(1, shown.functionOfFrame(frame) + 1);
        line.integer(2, shown.lineOfFrame(frame));
      });
    });
  }
  shown.functions.forEach(({ name, file, firstLine }, index) => {
    writer.message(PROFILE.function, (message) => {
      message.integer(1, index + 1);
      message.integer(2, strings.idOf(name));
      message.integer(3, strings.idOf(name));
      message.integer(4, strings.idOf(file));
      message.integer(5, firstLine);
    });
  });
  writer.integer(PROFILE.timeNanos, Math.round(metadata.startTime * 1e6));
  writer.integer(PROFILE.durationNanos, Math.round(profile.duration));
  if (metadata.rate > 0) {
    valueType(PROFILE.periodType, "wall", "nanoseconds");
    writer.integer(PROFILE.period, Math.round(intervalOf(profile)));
  }
  const comments = [creatorOf(metadata, " "), printable(titleOf(metadata, options))];
  writer.packed(
    PROFILE.comment,
    comments.filter((comment) => comment !== "").map((comment) => strings.idOf(comment)),
  );
  writer.integer(PROFILE.defaultSampleType, strings.idOf("wall"));
  // The table comes last: every text has its number by now. Its first entry is empty and must be there.
  writer.bytes(PROFILE.stringTable, new Uint8Array(0));
  for (const text of strings.texts.slice(1)) writer.text(PROFILE.stringTable, text);
  yield gzipSync(writer.view());
}

/** Numbers of the fields of message Profile. */
const PROFILE = {
  sampleType: 1,
  sample: 2,
  mapping: 3,
  location: 4,
  function: 5,
  stringTable: 6,
  timeNanos: 9,
  durationNanos: 10,
  periodType: 11,
  period: 12,
  comment: 13,
  defaultSampleType: 14,
} as const;
