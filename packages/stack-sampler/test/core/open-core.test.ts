import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import {
  auxiliaryNote,
  coreFile,
  mappingsNote,
  processNote,
  signalNote,
  threadNote,
} from "../../../../tools/testing/core-file.js";
import { openCore } from "../../src/core/open-core.js";

const folder = mkdtempSync(join(tmpdir(), "pyspy-open-core-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(bytes: Uint8Array): string {
  const path = join(folder, "file");
  writeFileSync(path, bytes);
  return path;
}

const NO_ELF_HEADER = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

test.each([
  ["a text", Buffer.from("hello"), "not-a-core", "is not a core file: it is not an ELF file"],
  ["nothing", Buffer.alloc(0), "unreadable-core", ": it is empty"],
  [
    "a header that is cut off",
    NO_ELF_HEADER,
    "unreadable-core",
    "Cannot read the ELF header: it takes 64 bytes",
  ],
  [
    "xz",
    Buffer.from("\xfd7zXZ\0..", "latin1"),
    "unreadable-core",
    "it is compressed with xz, which cannot be unpacked",
  ],
  ["a compressed text", gzipSync("hello"), "not-a-core", "it is not an ELF file"],
])("%s is refused with the reason", async (_, bytes, code, reason) => {
  await expect(openCore(fileOf(bytes))).rejects.toMatchObject({
    name: "SamplerError",
    code,
    message: expect.stringContaining(reason),
  });
});

test.each([
  ["missing", "there is no such file"],
  ["", "it is a folder"],
])("a path that is no file (%j) is refused", async (name, reason) => {
  const path = join(folder, name);
  await expect(openCore(path)).rejects.toMatchObject({
    code: "unreadable-core",
    message: `Cannot read core file ${path}: ${reason}`,
  });
});

test("a program is no core", async () => {
  await expect(openCore(process.execPath)).rejects.toMatchObject({
    code: "not-a-core",
    message: `${process.execPath} is not a core file: it is a program or a shared library`,
  });
});

const PROCESS = processNote(64, { pid: 8, name: "app", commandLine: "app --serve" });

test("of another machine's core everything but stacks is told", async () => {
  const notes = [threadNote(64, { tid: 8, signal: 11 }), PROCESS, signalNote(64, { number: 11, code: 1 })];
  const path = fileOf(coreFile({ machine: 183, notes }));
  using core = await openCore(path);
  expect(core).toMatchObject({
    pid: 8,
    commandLine: ["app", "--serve"],
    signal: { name: "SIGSEGV", reason: "address not mapped at 0x0" },
    problem: {
      code: "unsupported-core",
      message: `Cannot read stacks in core file ${path}: it is of an aarch64 machine, only those of x86-64 and x86 can be read`,
    },
  });
  expect(core.threads).toEqual([
    {
      thread: { process: 0, tid: 8, pythonId: 0, name: "", interpreter: 0 },
      state: 0,
      frames: [],
      isUnreadable: true,
      cpuTime: -1,
      isSignalled: true,
    },
  ]);
});

test("a compressed core that ends too early is read as far as it goes", async () => {
  const mapped = mappingsNote(64, [{ start: 0x1000, end: 0x2000, page: 0, path: "/a" }]);
  const noise = Buffer.from(Array.from({ length: 9000 }, (_, index) => (index * index * 31) % 251));
  const bytes = coreFile({ segments: [{ address: 0x9000, bytes: noise }], notes: [PROCESS, mapped] });
  const packed = gzipSync(bytes);
  using core = await openCore(fileOf(packed.subarray(0, packed.length - 20)));
  expect(core.pid).toBe(8);
  expect(core.warnings[0]).toMatch(/^The compressed core file ends too early or is damaged: /);
});

test.each([
  ["is cut off", (bytes: Buffer) => bytes.subarray(0, 4000), ": 4000 of 9", false],
  [
    "is cut off, and compressed",
    (bytes: Buffer) => gzipSync(bytes).subarray(0, 4000),
    ": unexpected end of file, and",
    false,
  ],
  [
    "is compressed after it was cut off",
    (bytes: Buffer) => gzipSync(bytes.subarray(0, 4000)),
    ": 4000 of 9",
    false,
  ],
])("of gdb's core that %s, without its notes, one sentence tells what is missing", async (_, cut, there) => {
  const noise = pseudorandomBytes(9000);
  const notes = [threadNote(64, { tid: 8 }), PROCESS];
  const path = fileOf(
    cut(coreFile({ segments: [{ address: 0x9000, bytes: noise }], notes, notesLast: true })),
  );
  using core = await openCore(path);
  expect(core).toMatchObject({ pid: 0, signal: undefined, lacksNotes: true, threads: [], warnings: [] });
  expect(core.problem).toMatchObject({ code: "incomplete-core" });
  expect(core.problem?.message.startsWith(`The core file ${path} is cut off${there}`)).toBe(true);
  expect(core.problem?.message).toMatch(
    /, and what names its process, threads and files \(notes, which gdb writes last\) is not among them$/,
  );
});

test("of gdb's core that is cut off in its notes those that are there count", async () => {
  const mapped = mappingsNote(64, [{ start: 0x1000, end: 0x2000, page: 0, path: "/a" }]);
  const notes = [threadNote(64, { tid: 8 }), PROCESS, mapped];
  const bytes = coreFile({
    segments: [{ address: 0x9000, bytes: Buffer.alloc(100) }],
    notes,
    notesLast: true,
  });
  const path = fileOf(bytes.subarray(0, -10));
  using core = await openCore(path);
  expect(core).toMatchObject({
    pid: 8,
    lacksNotes: false,
    warnings: [],
    problem: { code: "incomplete-core" },
  });
  expect(core.problem?.message).toMatch(
    / bytes are there, and what names its files \(notes, which gdb writes last\) is not among them$/,
  );
});

test("a core that never had notes is not called cut off", async () => {
  const path = fileOf(coreFile({ segments: [{ address: 0x9000, bytes: Buffer.alloc(100) }] }));
  using core = await openCore(path);
  expect(core.problem).toMatchObject({
    code: "incomplete-core",
    message: `The core file ${path} has no notes, which name the process, threads and files of a core`,
  });
});

describe("a place that is told and cannot be used is refused:", () => {
  const text = join(folder, "text");
  writeFileSync(text, "hello");
  const missing = join(folder, "missing");
  test.each([
    [{ executable: missing }, `${missing} as the executable: there is no such file`],
    [{ executable: folder }, `${folder} as the executable: it is a folder`],
    [{ executable: "/dev/null" }, "/dev/null as the executable: it is not a regular file"],
    [{ executable: text }, `${text} as the executable: it is not an ELF file`],
    [{ sysroot: missing }, `${missing} as the root folder: there is no such folder`],
    [{ sysroot: text }, `${text} as the root folder: it is no folder`],
    [
      { librarySearchPath: [folder, missing] },
      `${missing} as a search path of libraries: there is no such folder`,
    ],
    [
      { librarySearchPath: [join(text, "x")] },
      `${join(text, "x")} as a search path of libraries: there is no such folder`,
    ],
    [{ librarySearchPath: [text] }, `${text} as a search path of libraries: it is no folder`],
  ])("%j", async (places, reason) => {
    const path = fileOf(coreFile({ notes: [PROCESS] }));
    await expect(openCore(path, places)).rejects.toMatchObject({
      code: "unusable-file",
      message: `Cannot use ${reason}`,
    });
  });
});

test("places that are of no use are told", async () => {
  const empty = mkdtempSync(join(folder, "empty-"));
  const useful = mkdtempSync(join(folder, "useful-"));
  writeFileSync(join(useful, "lib.so"), "");
  const mapped = mappingsNote(64, [{ start: 0x1000, end: 0x2000, page: 0, path: "/a/lib.so" }]);
  const places = { executable: process.execPath, librarySearchPath: [empty, useful] };
  using core = await openCore(fileOf(coreFile({ notes: [PROCESS, mapped] })), places);
  expect(core.warnings).toContain(
    `${process.execPath} is not used: the core file does not tell which of its files is the program`,
  );
  expect(core.warnings.filter((warning) => warning.startsWith("No file"))).toEqual([
    `No file that the process had mapped is in ${empty}`,
  ]);
  using lost = await openCore(fileOf(coreFile({})), places);
  expect(lost.warnings).toContain(
    `${process.execPath} is not used: no binary in the core file has its build id`,
  );
});

test("files that cannot be opened are passed over where binaries are looked for", async () => {
  const libraries = mkdtempSync(join(folder, "libraries-"));
  symlinkSync("loop", join(libraries, "loop"));
  symlinkSync("nothing", join(libraries, "dangling"));
  writeFileSync(join(libraries, "secret"), "");
  chmodSync(join(libraries, "secret"), 0);
  using core = await openCore(fileOf(coreFile({})), { librarySearchPath: [libraries] });
  expect(core).toMatchObject({ lacksNotes: true, problem: { code: "incomplete-core" } });
});

/** Bytes that cannot be compressed, the same ones in every run. */
function pseudorandomBytes(count: number): Buffer {
  let state = 1;
  return Buffer.from(
    Array.from({ length: count }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  );
}

test.each([32, 64] as const)("the whole command line is at the end of the stack (%d bits)", async (bits) => {
  const stack = 0x8000_0000;
  const size = bits / 8;
  const texts = ["python3", "-c", `print('${"x".repeat(300)}')`, "HOME=/", "/usr/bin/python3"];
  const addresses: number[] = [];
  const words: number[] = [];
  const textsAt = stack + 14 * size;
  let at = textsAt;
  for (const text of texts) {
    addresses.push(at);
    at += Buffer.byteLength(text) + 1;
  }
  const [one = 0, , three = 0, home = 0, name = 0] = addresses;
  // The second pointer is the program's own now.
  words.push(7, 3, one, 0x1234, three, 0, home, 0, 6, 4096, 31, name, 0, 0);
  const bytes = Buffer.alloc(at - stack);
  for (const [index, word] of words.entries()) bytes.writeUInt32LE(word, index * size);
  bytes.write(texts.map((text) => `${text}\0`).join(""), textsAt - stack);
  const notes = [
    processNote(bits, { pid: 8, name: "python3", commandLine: "python3 -c print('xxx" }),
    auxiliaryNote(bits, { 6: 4096, 31: name }),
  ];
  using core = await openCore(fileOf(coreFile({ bits, segments: [{ address: stack, bytes }], notes })));
  expect(core.commandLine).toEqual(texts.slice(0, 3));
});
