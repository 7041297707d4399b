import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import {
  foldStacks,
  isProfileError,
  profileFormats,
  RecordingFile,
  RecordingFileSource,
  RecordingWriter,
  readRecording,
  type SampleBatch,
  selectSamples,
  writeCollapsed,
} from "../../src/index.js";
import { anyStacks } from "../formats/any-stacks.js";
import { batchOf, batchOfStacks, profileOfBatches } from "../profile-of.js";

const metadata = {
  command: ["python3", "größe.py", "\udc80"],
  rate: 100,
  startTime: 1_700_000_000_000,
  title: "a title",
  versions: { pyspy: "0.1.0", python: "3.12.1" },
};

/** The bytes of a recording, and where each append ended. */
function recorded(batches: readonly SampleBatch[], duration?: number): { bytes: Uint8Array; ends: number[] } {
  const parts: Uint8Array[] = [];
  const writer = new RecordingWriter((bytes) => parts.push(bytes), metadata);
  for (const batch of batches) writer.add(batch);
  if (duration !== undefined) writer.end(duration);
  let length = 0;
  return { bytes: new Uint8Array(Buffer.concat(parts)), ends: parts.map((part) => (length += part.length)) };
}

const restarted = (batch: SampleBatch): SampleBatch => ({ ...batch, reset: true });
const drawings = ["main@/srv/app.py:9;work@/srv/app.py:3 12", "main@/srv/app.py:9 1\n3", "other 2"];

test("a recording gives back its batches, what it says of itself and how long it took, as often as asked", () => {
  const batches = drawings.map((drawing) => restarted(batchOf(drawing)));
  const recording = readRecording(recorded(batches, 5e9).bytes);
  expect(recording).toMatchObject({ metadata, duration: 5e9, complete: true, bytesCutOff: 0 });
  expect([...recording.batches()]).toEqual(batches);
  expect([...recording.batches()]).toEqual(batches);
});

test("the profile of a recording is that of its batches", () => {
  const batches = drawings.map((drawing) => batchOf(drawing));
  const profile = readRecording(recorded(batches.map(restarted)).bytes).profile();
  const expected = profileOfBatches(...batches);
  expect(profile).toMatchObject({ duration: expected.duration, counters: expected.counters });
  expect(writeCollapsed(foldStacks(profile))).toBe(writeCollapsed(foldStacks(expected)));
  expect([...profile.batches()]).toEqual([...expected.batches()]);
});

test("any batches come back as they were", () => {
  fc.assert(
    fc.property(fc.array(anyStacks, { maxLength: 4 }), fc.boolean(), (lists, weighted) => {
      const batches = lists.map((stacks) => {
        const batch = restarted(batchOfStacks(stacks));
        const { time } = batch.samples;
        return weighted && stacks.length > 0
          ? {
              ...batch,
              samples: { ...batch.samples, span: time.map((at) => at / 2), count: time.map((at) => at / 3) },
            }
          : batch;
      });
      expect([...readRecording(recorded(batches).bytes).batches()]).toEqual(batches);
    }),
  );
});

test("every prefix is a recording of the chunks that are whole in it", () => {
  const { bytes, ends } = recorded(
    drawings.map((drawing) => restarted(batchOf(drawing))),
    5e9,
  );
  const preamble = ends[0] ?? 0;
  for (let length = preamble; length <= bytes.length; length++) {
    const recording = readRecording(bytes.subarray(0, length));
    const whole = ends.filter((end) => end <= length);
    expect([...recording.batches()].length).toBe(Math.min(3, Math.max(0, whole.length - 2)));
    expect(recording.bytesCutOff).toBe(length - (whole.at(-1) ?? 0));
    expect(recording.complete).toBe(length === bytes.length);
  }
});

test("of a recording with a damaged end what is before that is used", () => {
  const batches = drawings.map((drawing) => restarted(batchOf(drawing)));
  const { bytes, ends } = recorded(batches, 5e9);
  const expectUsed = (damaged: Uint8Array, count: number, end: number) => {
    const recording = readRecording(damaged);
    expect([...recording.batches()]).toEqual(batches.slice(0, count));
    expect(recording).toMatchObject({ damaged: true, bytesCutOff: damaged.length - end, metadata });
    expect(() => recording.profile()).not.toThrow();
    return recording.complete;
  };
  const [, , first = 0, second = 0, third = 0] = ends;
  const zeros = new Uint8Array(4096);
  // After the end, instead of a chunk, inside of one and after it, and inside of the last that there is.
  expect(expectUsed(new Uint8Array(Buffer.concat([bytes, zeros])), 3, bytes.length)).toBe(true);
  expect(expectUsed(bytes.slice().fill(0, third), 3, third)).toBe(false);
  expect(expectUsed(bytes.slice().fill(0xff, second), 2, second)).toBe(false);
  expect(expectUsed(bytes.slice().fill(0, first + 6), 1, first)).toBe(false);
  expect(expectUsed(bytes.slice(0, third).fill(0, second + 6), 2, second)).toBe(false);
});

test("what is no recording, or one of a later version, is refused in one sentence", () => {
  const { bytes } = recorded([]);
  expect(() => readRecording(Uint8Array.of())).toThrow(
    "Cannot read the recording file: it does not begin as one",
  );
  expect(() => readRecording(bytes.with(6, 9))).toThrow("it is of version 9, and only 1 is known here");
  expect(() => readRecording(bytes.with(7, 0))).toThrow("there is no chunk at byte 7");
});

test("a chunk of a type that is not known is passed", () => {
  const { bytes } = recorded([restarted(batchOf("main 2"))]);
  const unknown = Uint8Array.of(0xc9, 0, 0, 0, 2, 99, 1, 2);
  const longer = new Uint8Array(Buffer.concat([bytes, unknown, bytes.subarray(7)]));
  expect([...readRecording(longer).batches()].length).toBe(2);
});

test("a batch that was changed is refused when it is read, and says where", () => {
  const batch = batchOf("main 2");
  const { bytes } = recorded([{ ...batch, samples: { ...batch.samples, node: Int32Array.of(0, 7) } }]);
  expect(() => readRecording(bytes).profile()).toThrow(/the chunk at byte \d+ is damaged \(samples.node\)/);
});

test("any damage gives batches or a ProfileError", () => {
  const { bytes } = recorded(
    drawings.map((drawing) => restarted(batchOf(drawing))),
    5e9,
  );
  const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(damage, (changes) => {
      const damaged = bytes.slice();
      for (const [at, byte] of changes) damaged[at] = byte;
      try {
        foldStacks(readRecording(damaged).profile());
      } catch (error) {
        if (!isProfileError(error)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});

test("a number that is too large to be recorded is refused", () => {
  const batch = batchOf("main 1");
  const samples = { ...batch.samples, time: Float64Array.of(1e300) };
  expect(() => recorded([{ ...batch, samples }])).toThrow(
    "samples.time[0] is 1e+300, which cannot be recorded",
  );
});

test("many samples are cut into chunks, so that a reader needs not hold them all", () => {
  const batches = [...readRecording(recorded([batchOf("main 150000")]).bytes).batches()];
  expect(batches.map(({ samples }) => samples.time.length)).toEqual([65_536, 65_536, 18_928]);
  expect(batches.reduce((sum, { counters }) => sum + counters.good, 0)).toBe(150_000);
});

test("a recording that goes on in another describes there what it needs", () => {
  const first: Uint8Array[] = [];
  const second: Uint8Array[] = [];
  const writer = new RecordingWriter((bytes) => first.push(bytes), metadata);
  const batch = batchOf("main;work 2");
  writer.add(batch);
  writer.continueIn((bytes) => second.push(bytes), 1e9);
  writer.add({
    ...batch,
    functions: [],
    frames: batchOf("").frames,
    nodes: batchOf("").nodes,
    processes: [],
    threads: [],
  });
  writer.end(2e9);
  const [left, right] = [first, second].map((parts) => readRecording(new Uint8Array(Buffer.concat(parts))));
  expect(left?.duration).toBe(1e9);
  expect(right).toMatchObject({ duration: 2e9, metadata });
  for (const recording of [left, right]) {
    expect(recording && writeCollapsed(foldStacks(recording.profile()))).toBe("main;work 2\n");
  }
});

const folder = mkdtempSync(join(tmpdir(), "recording-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a file is readable while it is written and after it was closed", () => {
  const path = join(folder, "profile.pyspy");
  const file = new RecordingFile(path);
  const writer = new RecordingWriter((bytes) => file.append(bytes), metadata);
  writer.add(batchOf("main;work 200000"));
  using early = new RecordingFileSource(path);
  writer.end(3e9);
  file.close();
  using late = new RecordingFileSource(path);
  expect(readRecording(early).complete).toBe(false);
  expect(readRecording(late)).toMatchObject({ complete: true, duration: 3e9, bytesCutOff: 0 });
  expect(late.size).toBe(statSync(path).size);
  for (const source of [early, late]) {
    expect(writeCollapsed(foldStacks(readRecording(source).profile()))).toBe("main;work 200000\n");
  }
});

test("a file that was unlinked is read while it is written", () => {
  const folder = mkdtempSync(join(tmpdir(), "pyspy-recording-"));
  try {
    const path = join(folder, "a.pyspy");
    using file = new RecordingFile(path, 0o600);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    rmSync(path);
    const writer = new RecordingWriter((bytes) => file.append(bytes), metadata);
    for (const count of [1, 2]) {
      writer.add(restarted(batchOf("main 1")));
      expect([...readRecording(file.source()).batches()]).toHaveLength(count);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("resident memory comes back, and is a counter of each process in a trace and a field of samples in JSON lines", async () => {
  const batch = restarted(batchOf("main 3"));
  const resident = Float64Array.of(-1, 8192, 8192);
  const bytes = recorded([{ ...batch, samples: { ...batch.samples, resident } }], 5e9).bytes;
  const profile = readRecording(bytes).profile();
  expect([...profile.batches()].map((samples) => samples.resident)).toEqual([resident]);
  const kept = selectSamples(profile, { from: batch.samples.time[1] ?? 0 });
  expect([...kept.batches()].map((samples) => samples.resident)).toEqual([resident.subarray(1)]);
  const written = async (format: "chrometrace" | "jsonl") =>
    [...(await profileFormats[format].load())(profile)].join("");
  const counters = JSON.parse(await written("chrometrace")).filter(({ ph }: { ph: string }) => ph === "C");
  expect(counters).toMatchObject([{ name: "resident memory", args: { bytes: 8192 } }]);
  expect((await written("jsonl")).match(/"resident":8192/g)).toHaveLength(2);
});
