import type { MemoryMap } from "@pyspy/proc-memory";
import { expect, test } from "vitest";
import { changedFiles } from "../src/changed-files.js";
import { FakeProcess } from "./fixtures/fake-process.js";
import { layoutOf, SyntheticPython } from "./fixtures/synthetic-python.js";

function mapping(path: string, inode: number, deleted: boolean): MemoryMap {
  const flags = { readable: true, writable: false, executable: true, shared: false };
  return {
    start: inode * 0x1000,
    end: inode * 0x1000 + 1,
    ...flags,
    offset: 0,
    device: "fe:00",
    inode,
    path,
    deleted,
  };
}

test("files that are gone are told from those that others have replaced, and from what never was a file", () => {
  const { memory } = new SyntheticPython(layoutOf(11));
  const maps = [
    mapping("/opt/python", 1, true),
    mapping("/lib/libreplaced.so", 2, true),
    mapping("/lib/libc.so", 3, false),
    mapping("/memfd:jit", 4, true),
    mapping("/dev/zero", 5, true),
  ];
  const files = { "/lib/libreplaced.so": new Uint8Array(1), "/lib/libc.so": new Uint8Array(1) };
  const process = new FakeProcess({ memory, maps, files });
  expect(changedFiles(process, maps, "/opt/python")).toEqual([
    { path: "/opt/python", change: "deleted", readFrom: "memory" },
    { path: "/lib/libreplaced.so", change: "replaced", readFrom: "file" },
  ]);
  expect(process.openFiles).toBe(0);
});
