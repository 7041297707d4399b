import type { MemoryMap } from "@pyspy/proc-memory";
import { expect, it } from "vitest";
import { mappedBinaries } from "../../src/discovery/mapped-binaries.js";

/** Maps of a file of its own each, at ascending addresses. */
function mapsOf(...paths: readonly string[]): MemoryMap[] {
  return paths.map((path, index) => ({
    start: 0x1000 * (index + 1),
    end: 0x1000 * (index + 2),
    readable: true,
    writable: false,
    executable: true,
    shared: false,
    offset: 0,
    device: "08:01",
    inode: index + 1,
    path,
    deleted: false,
  }));
}

it("the executable comes first, then what is called like a Python, and then its modules as they are mapped", () => {
  const modules = "/usr/lib/python3.13/lib-dynload";
  const maps = mapsOf(
    `${modules}/_struct.cpython-313-x86_64-linux-gnu.so`,
    `${modules}/math.cpython-313-x86_64-linux-gnu.so`,
    "/usr/lib/libc.so.6",
    "/usr/lib/libpython3.13.so.1.0",
    "/usr/bin/program",
  );
  const paths = mappedBinaries(maps, "/usr/bin/program").map(({ path }) => path);
  expect(paths).toEqual([maps[4], maps[3], maps[0], maps[1], maps[2]].map((map) => map?.path));
});
