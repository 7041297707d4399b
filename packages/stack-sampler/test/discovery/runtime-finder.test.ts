import type { MemoryMap } from "@pyspy/proc-memory";
import { describe, expect, it, vi } from "vitest";
import { elfFile } from "../../../binary-symbols/test/fixtures/elf-file.js";
import { KnownBinaries, RuntimeFinder } from "../../src/discovery/runtime-finder.js";
import { FakeProcess } from "../fixtures/fake-process.js";
import { layoutOf, SyntheticPython } from "../fixtures/synthetic-python.js";

/** Where the binary is mapped that the synthetic Python is in. */
const BIAS = 0x5500_0000_0000;

function mapping(path: string, inode: number, start = BIAS, executable = true): MemoryMap {
  return {
    start,
    end: start + 0x2000,
    readable: true,
    writable: true,
    executable,
    shared: false,
    offset: 0,
    device: "fe:00",
    inode,
    path,
    deleted: false,
  };
}

/** A Python of 3.11 and the binary that it is in. */
function pythonAndBinary(hasInterpreter = true, hasVersion = true) {
  const python = new SyntheticPython(layoutOf(11));
  const interpreter = hasInterpreter ? python.addInterpreter(0) : undefined;
  const version = python.allocate(8);
  if (hasVersion) python.memory.writeWord(version, 0x030b01f0);
  const binary = elfFile({
    dynsym: [
      { name: "_PyRuntime", value: python.address - BIAS, size: 8, type: 1 },
      { name: "Py_Version", value: version - BIAS, size: 8, type: 1 },
    ],
  });
  return { python, binary, start: () => python.addThread(interpreter ?? python.addInterpreter(0)) };
}

/** Without the section `.PyRuntime`, which these files have otherwise. */
const nothing = elfFile({ dynsym: [{ name: "main", value: 0x10, size: 8 }], sectionHeaders: false });

describe("a Python in a process", () => {
  it("is the executable", async () => {
    const { python, binary, start } = pythonAndBinary();
    start();
    const process = new FakeProcess({
      memory: python.memory,
      executable: "/opt/app",
      maps: [mapping("/opt/app", 1), mapping("/lib/libc.so", 2, 0x7f00_0000_0000)],
      files: { "/opt/app": binary, "/lib/libc.so": nothing },
    });
    expect(await new RuntimeFinder(process).find()).toMatchObject({
      kind: "found",
      runtimes: [{ interpretersHead: python.runtime.interpretersHead, image: "/opt/app" }],
    });
    expect([process.opened, process.openFiles]).toEqual([["/opt/app"], 0]);
  });

  it("is a library, whatever it is called; one that is called like a Python is looked at first", async () => {
    const { python, binary, start } = pythonAndBinary();
    start();
    const maps = [
      mapping("/bin/app", 1, 0x4000_0000_0000),
      mapping("/lib/other.so", 2, 0x7f00_0000_0000),
      mapping("/lib/engine.so", 3),
      mapping("/lib/libpython-tools.so", 4, 0x7f10_0000_0000),
    ];
    const files = { "/bin/app": nothing, "/lib/other.so": nothing, "/lib/engine.so": binary };
    const process = new FakeProcess({ memory: python.memory, executable: "/bin/app", maps, files });
    expect(await new RuntimeFinder(process).find()).toMatchObject({
      runtimes: [{ image: "/lib/engine.so" }],
    });
    expect(process.opened).toEqual([
      "/bin/app",
      "/lib/libpython-tools.so",
      "/lib/other.so",
      "/lib/engine.so",
    ]);
  });

  it("is absent from a process of other binaries, of files that are none, and of nothing at all", async () => {
    const { python } = pythonAndBinary();
    const maps = [mapping("/bin/sleep", 1), mapping("/data.bin", 2), mapping("", 0), mapping("/gone", 3)];
    const files = { "/bin/sleep": nothing, "/data.bin": new Uint8Array(100) };
    const process = new FakeProcess({ memory: python.memory, maps, files });
    expect(await new RuntimeFinder(process).find()).toMatchObject({ kind: "absent" });
    const opened = [...new Set(process.opened)].toSorted();
    expect([opened, process.openFiles]).toEqual([["/bin/sleep", "/data.bin", "/gone"], 0]);
    process.mapped = [];
    expect(await new RuntimeFinder(process).find()).toMatchObject({ kind: "absent" });
  });

  it("is looked for in every way, and each that was in vain is told, in order", async () => {
    const { python } = pythonAndBinary();
    const image = "/bin/sleep";
    const process = new FakeProcess({
      memory: python.memory,
      maps: [mapping(image, 1)],
      files: { [image]: nothing },
    });
    const { steps } = await new RuntimeFinder(process).find();
    const outcome = "nothing";
    expect(steps).toEqual([
      { image, method: "symbol", outcome, detail: "it has no symbol _PyRuntime" },
      { image, method: "section", outcome, detail: "it has no section .PyRuntime" },
      { image, method: "symbol", outcome, detail: "it has no symbol interp_head" },
      {
        image,
        method: "accessor",
        outcome,
        detail: "it has no function PyInterpreterState_Head that returns interp_head",
      },
      { image, method: "debug-file", outcome, detail: "there is none that can be read" },
      { image, method: "cookie", outcome, detail: "none of its variables has the mark xdebugpy" },
      { image, method: "scan", outcome, detail: "no variable of it leads to an interpreter" },
    ]);
  });

  it("is not looked for in files of which nothing is mapped to be run", async () => {
    const { python, binary } = pythonAndBinary();
    const maps = [mapping("/opt/python", 1, BIAS, false)];
    const process = new FakeProcess({ memory: python.memory, maps, files: { "/opt/python": binary } });
    expect(await new RuntimeFinder(process).find()).toEqual({ kind: "absent", steps: [] });
    expect(process.opened).toEqual([]);
  });

  it("is not what a process maps only to read it", async () => {
    const { python, binary, start } = pythonAndBinary();
    start();
    const toRead = { ...mapping("/opt/python", 1, BIAS - 0x10000), writable: false };
    const files = { "/opt/python": binary };
    const process = new FakeProcess({ memory: python.memory, maps: [toRead], files });
    const finder = new RuntimeFinder(process);
    expect(await finder.find()).toEqual({
      kind: "absent",
      steps: [
        { image: "/opt/python", method: "open", outcome: "nothing", detail: "it is mapped, but not loaded" },
      ],
    });
    process.mapped = [toRead, mapping("/opt/python", 1)];
    expect((await finder.find()).kind).toBe("found");
  });

  it("is a 32-bit one, and over when it says so", async () => {
    const python = new SyntheticPython(layoutOf(11, "ia32"));
    const bias = 0x5650_0000;
    const version = python.allocate(8);
    python.memory.writeWord(version, 0x030b01f0);
    const binary = elfFile({
      bits: 32,
      dynsym: [
        { name: "_PyRuntime", value: python.address - bias, size: 8, type: 1 },
        { name: "Py_Version", value: version - bias, size: 8, type: 1 },
      ],
    });
    const maps = [mapping("/opt/python", 1, bias)];
    const process = new FakeProcess({ memory: python.memory, maps, files: { "/opt/python": binary } });
    const finder = new RuntimeFinder(process);
    const finalizing = python.address + python.layout.runtime.finalizing;
    const kinds = [(await finder.find()).kind];
    python.memory.writeWord(finalizing, 0x5660_0000);
    kinds.push((await finder.find()).kind);
    python.memory.writeWord(finalizing, 0);
    python.addThread(python.addInterpreter(0));
    expect([...kinds, await finder.find()]).toMatchObject([
      "starting",
      "finalized",
      { kind: "found", runtimes: [{ layout: { pointerSize: 4 } }] },
    ]);
  });

  it("is looked at again without opening its file again", async () => {
    const { python, binary, start } = pythonAndBinary();
    const maps = [mapping("/bin/sh", 9, 0x4000_0000_0000)];
    const files = { "/bin/sh": nothing, "/opt/python": binary };
    const process = new FakeProcess({ memory: python.memory, maps, files });
    const finder = new RuntimeFinder(process);
    const kinds = [(await finder.find()).kind];
    process.mapped = [mapping("/opt/python", 1)];
    kinds.push((await finder.find()).kind);
    start();
    kinds.push((await finder.find()).kind);
    expect(kinds).toEqual(["absent", "starting", "found"]);
    // The one that names no Python a second time, to look for its debug file.
    expect(process.opened).toEqual(["/bin/sh", "/bin/sh", "/opt/python"]);
  });

  it("that is starting is asked only whether it has begun, until some time has passed", async () => {
    const { python, binary, start } = pythonAndBinary(false);
    const maps = [mapping("/opt/python", 1)];
    const process = new FakeProcess({ memory: python.memory, maps, files: { "/opt/python": binary } });
    const looks = vi.spyOn(process, "maps");
    const now = vi.spyOn(globalThis.process, "hrtime").mockReturnValue([0, 0]);
    const finder = new RuntimeFinder(process);
    const find = async () => [(await finder.find()).kind, looks.mock.calls.length];
    expect(await find()).toEqual(["starting", 1]);
    expect(await find()).toEqual(["starting", 1]);
    now.mockReturnValue([0, 100e6]);
    expect(await find()).toEqual(["starting", 2]);
    start();
    expect(await find()).toEqual(["found", 3]);
    now.mockRestore();
  });

  it("is known without its version in another process that runs the same file", async () => {
    const known = new KnownBinaries();
    for (const isFirst of [true, false]) {
      const { python, binary, start } = pythonAndBinary(true, isFirst);
      start();
      const maps = [mapping("/opt/python", 1)];
      const process = new FakeProcess({ memory: python.memory, maps, files: { "/opt/python": binary } });
      expect(await new RuntimeFinder(process, known).find()).toMatchObject({ kind: "found", runtimes: [{}] });
      expect(process.opened.length).toBe(isFirst ? 1 : 0);
    }
  });

  it("is another one when another file has the path", async () => {
    const { python, binary, start } = pythonAndBinary();
    start();
    const process = new FakeProcess({ memory: python.memory, maps: [mapping("/opt/python", 1)] });
    const finder = new RuntimeFinder(process);
    expect((await finder.find()).kind).toBe("absent");
    const replaced = new FakeProcess({
      memory: python.memory,
      maps: [mapping("/opt/python", 2)],
      files: { "/opt/python": binary },
    });
    expect((await new RuntimeFinder(replaced).find()).kind).toBe("found");
  });
});
