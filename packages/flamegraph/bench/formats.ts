/**
 * What recording, reading and writing a profile costs: `npx tsx packages/flamegraph/bench/formats.ts [samples]`, after a build.
 * Prints times a sample, bytes a sample and the memory of the process. The samples stay in a file.
 */
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  foldStacks,
  type Profile,
  type ProfileFormatName,
  profileFormats,
  RecordingFile,
  RecordingFileSource,
  RecordingWriter,
  readRecording,
  selectSamples,
} from "@pyspy/flamegraph";
import { sampleStream } from "./sample-stream.js";

const samples = Number(process.argv[2] ?? 10_000_000);
const metadata = { command: ["python3", "app.py"], rate: 1000, startTime: Date.now() };
const folder = mkdtempSync(join(tmpdir(), "formats-"));
try {
  const path = join(folder, "profile.pyspy");
  record(path);
  using source = new RecordingFileSource(path);
  const profile = timed("open and describe", () => readRecording(source).profile());
  timed("fold into a tree", () => foldStacks(profile));
  timed("select and fold", () => foldStacks(selectSamples(profile, { include: /function_1/, from: 1e9 })));
  for (const format of Object.keys(profileFormats) as ProfileFormatName[]) await write(format, profile);
} finally {
  rmSync(folder, { recursive: true });
}

function record(path: string): void {
  const file = new RecordingFile(path);
  const writer = new RecordingWriter((bytes) => file.append(bytes), metadata);
  let spent = 0;
  for (const batch of sampleStream(samples, 8, metadata.rate)) {
    const start = performance.now();
    writer.add(batch);
    spent += performance.now() - start;
  }
  writer.end(1);
  file.close();
  report("record", spent, `${(statSync(path).size / samples).toFixed(2)} bytes a sample`);
}

async function write(format: ProfileFormatName, profile: Profile): Promise<void> {
  const writer = await profileFormats[format].load();
  const path = join(folder, `written.${format}`);
  const start = performance.now();
  const descriptor = openSync(path, "w");
  for (const piece of writer(profile)) writeSync(descriptor, Buffer.from(piece));
  closeSync(descriptor);
  report(`write ${format}`, performance.now() - start, `${(statSync(path).size / 1e6).toFixed(1)} MB`);
  rmSync(path);
}

function timed<Result>(name: string, run: () => Result): Result {
  const start = performance.now();
  const result = run();
  report(name, performance.now() - start, "");
  return result;
}

function report(name: string, milliseconds: number, note: string): void {
  const each = ((milliseconds * 1e6) / samples).toFixed(0);
  const memory = (process.memoryUsage().rss / 1e6).toFixed(0);
  console.log(
    `${name.padEnd(20)} ${(milliseconds / 1000).toFixed(2).padStart(8)} s ${each.padStart(7)} ns a sample ${memory.padStart(6)} MB  ${note}`,
  );
}
