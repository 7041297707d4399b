import { execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  read as readCallback,
  readFileSync,
  readSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { RecordingFile } from "@pyspy/flamegraph";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LiveCopy } from "../../src/record/live-copy.js";

const readAsync = promisify(readCallback);

let folder: string;
let file: RecordingFile;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pyspy-live-copy-"));
  file = new RecordingFile(join(folder, "recording"));
});

afterEach(() => {
  file.close();
  rmSync(folder, { recursive: true });
});

/** A pipe of which this process has both ends. */
function pipe(): { readonly input: number; readonly output: number } {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  // Opened for both first: each end alone would wait for the other.
  const both = openSync(path, "r+");
  const [input, output] = [openSync(path, "r"), openSync(path, "w")];
  closeSync(both);
  return { input, output };
}

test("what is appended is there at once, and all of it at the end", async () => {
  const { input, output } = pipe();
  using copy = new LiveCopy(() => file.source(), output);
  const read = Buffer.alloc(100);
  for (const text of ["first", "second"]) {
    file.append(Buffer.from(text));
    copy.advance();
    const { bytesRead } = await readAsync(input, read, 0, read.length, null);
    expect(read.toString("utf8", 0, bytesRead)).toBe(text);
    await copy.finish();
  }
  file.append(Buffer.from("third"));
  expect(await copy.finish()).toBe(true);
  expect(read.toString("utf8", 0, readSync(input, read))).toBe("third");
  closeSync(input);
  closeSync(output);
});

test("who does not read holds up nothing but the end", async () => {
  const { input, output } = pipe();
  using copy = new LiveCopy(() => file.source(), output);
  const large = Buffer.alloc(300_000, "x");
  for (let times = 0; times < 3; times++) {
    file.append(large);
    copy.advance();
  }
  const reader = spawn("cat", [], { stdio: [input, "pipe", "inherit"] });
  closeSync(input);
  let length = 0;
  reader.stdout?.on("data", (bytes: Buffer) => {
    length += bytes.length;
  });
  expect(await copy.finish()).toBe(true);
  copy[Symbol.dispose]();
  closeSync(output);
  await new Promise((resolve) => reader.on("close", resolve));
  expect(length).toBe(3 * large.length);
});

test("who takes nothing is waited for until there is a hurry", async () => {
  const { input, output } = pipe();
  using copy = new LiveCopy(() => file.source(), output);
  file.append(Buffer.alloc(300_000, "x"));
  let isOver = false;
  const finished = copy.finish().finally(() => {
    isOver = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(isOver).toBe(false);
  copy.hurry();
  expect(await finished).toBe(false);
  closeSync(input);
  closeSync(output);
});

test("a hurry leaves nothing out for who reads", async () => {
  const { input, output } = pipe();
  using copy = new LiveCopy(() => file.source(), output);
  file.append(Buffer.alloc(300_000, "x"));
  copy.hurry();
  const finished = copy.finish().finally(() => {
    copy[Symbol.dispose]();
    closeSync(output);
  });
  // In this process: how long another one takes to begin to read is up to the machine.
  const read = Buffer.alloc(10_000);
  let length = 0;
  for (let count = 1; count > 0; length += count)
    count = (await readAsync(input, read, 0, read.length, null)).bytesRead;
  expect(await finished).toBe(true);
  expect(length).toBe(300_000);
  closeSync(input);
});

test("it is noticed that nobody reads any more", async () => {
  const { input, output } = pipe();
  using copy = new LiveCopy(() => file.source(), output);
  closeSync(input);
  file.append(Buffer.from("first"));
  expect(await copy.finish()).toBe(false);
  expect(copy.isRead).toBe(false);
  closeSync(output);
});

test("what cannot be written says why", async () => {
  const output = openSync("/dev/full", "w");
  using copy = new LiveCopy(() => file.source(), output);
  file.append(Buffer.from("first"));
  await expect(copy.finish()).rejects.toThrow("Cannot write to standard output: the disk is full");
  closeSync(output);
  expect(readFileSync(join(folder, "recording"), "utf8")).toBe("first");
});
