import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMaps } from "../src/maps.js";

const LINE = "7f0000000000-7f0000002000 r-xp 00003000 fe:00 42                       ";

function pathOf(name: string): unknown {
  const [map] = parseMaps(`${LINE}${name}\n`);
  return [map?.path, map?.deleted];
}

describe("parseMaps", () => {
  it("takes a line apart", () => {
    expect(parseMaps(`${LINE}/usr/lib/libm.so.6\n`)).toEqual([
      {
        start: 0x7f0000000000,
        end: 0x7f0000002000,
        readable: true,
        writable: false,
        executable: true,
        shared: false,
        offset: 0x3000,
        device: "fe:00",
        inode: 42,
        path: "/usr/lib/libm.so.6",
        deleted: false,
      },
    ]);
  });

  it.each([
    ["", "", false],
    ["[heap]", "[heap]", false],
    ["[anon: python heap]", "[anon: python heap]", false],
    ["/with two  spaces", "/with two  spaces", false],
    ["/a\\012b", "/a\nb", false],
    ["/return\rinside", "/return\rinside", false],
    ["/lib/gone.so (deleted)", "/lib/gone.so", true],
    ["/memfd:code (deleted)", "/memfd:code", true],
  ])("reads the name %j", (name, path, deleted) => {
    expect(pathOf(name)).toEqual([path, deleted]);
  });

  it("reads a line without padding after the inode", () => {
    expect(parseMaps("1000-2000 ---s 00000000 00:00 0")).toMatchObject([
      { start: 0x1000, shared: true, path: "" },
    ]);
  });

  it("skips lines that are no mappings and the vsyscall page", () => {
    const text = [
      "nonsense",
      "2000-1000 r--p 00000000 00:00 0",
      "Size: 4 kB",
      "1000-2000 r--p 00000000 00:00 0 ",
      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]",
    ];
    expect(parseMaps(text.join("\n")).map((map) => map.start)).toEqual([0x1000]);
  });

  it("gives a value for any text", () => {
    const fragment = fc.oneof(
      fc.string(),
      fc.constantFrom("1000-2000", " ", "\n", "r-xp", "00:00", "0", "f", "-"),
    );
    fc.assert(
      fc.property(fc.array(fragment), (fragments) => {
        for (const map of parseMaps(fragments.join(""))) expect(map.end).toBeGreaterThan(map.start);
      }),
    );
  });
});
