import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type BinarySymbol, openFileSource, openImage } from "../src/index.js";
import { machineBinaries } from "./fixtures/machine-binaries.js";
import {
  buildIdByReadelf,
  readelf,
  sectionsByReadelf,
  segmentsByReadelf,
  symbolsByReadelf,
} from "./fixtures/readelf.js";

const folder = mkdtempSync(join(tmpdir(), "binary-symbols-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Files of shapes that an ordinary machine may not have. */
function builtFiles(): string[] {
  const source = join(folder, "library.c");
  writeFileSync(
    source,
    `static int local_object = 4; __thread int per_thread; int exported_object[10];
     static int local_function(int n) { return n + local_object; }
     int exported_function(int n) { return local_function(n) + exported_object[0] + per_thread; }
     static int (*choose(void))(int) { return local_function; }
     int chosen_function(int n) __attribute__((ifunc("choose")));\n`,
  );
  const library = join(folder, "library.so");
  const common = ["-g", "-shared", "-fPIC", "-Wl,--build-id", source];
  execFileSync("gcc", [...common, "-o", library]);
  execFileSync("gcc", [...common, "-Wl,--hash-style=sysv", "-o", join(folder, "sysv.so")]);
  execFileSync("strip", ["-o", join(folder, "stripped.so"), library]);
  execFileSync("objcopy", ["--only-keep-debug", library, join(folder, "library.so.debug")]);
  execFileSync("objcopy", ["--compress-debug-sections=zlib", library, join(folder, "packed.so")]);
  const wide = ["library.so", "packed.so", "sysv.so", "stripped.so", "library.so.debug"];
  // Without the C library, because few machines have a 32-bit one.
  const narrow = ["-m32", "-nostdlib", "-fno-stack-protector", ...common, "-o", join(folder, "narrow.so")];
  const builds32Bit = spawnSync("gcc", narrow, { stdio: "ignore" }).status === 0;
  return [...wide, ...(builds32Bit ? ["narrow.so"] : [])].map((name) => join(folder, name));
}

const files = [...machineBinaries(), ...builtFiles()].map((path) => ({ name: basename(path), path }));

describe.each(files)("$name ($path)", ({ path }) => {
  it("has the header, sections, segments and build id that readelf sees", () => {
    using file = openFileSource(path);
    const image = openImage(file);
    const header = readelf("--file-header", path);
    expect(image.pointerSize).toBe(header.includes("ELF64") ? 8 : 4);
    expect(image.positionIndependent).toBe(/Type: +DYN/.test(header));
    expect(image.sections).toEqual(sectionsByReadelf(path));
    expect(image.segments).toEqual(segmentsByReadelf(path));
    expect(image.segments.length).toBeGreaterThan(0);
    expect(image.buildId).toBe(buildIdByReadelf(path));
  });

  it("has the symbols that readelf sees", () => {
    using file = openFileSource(path);
    const image = openImage(file);
    const expected = symbolsByReadelf(path);
    const symbols = image.symbols();
    expect(symbols.length).toBe(expected.length);
    // A comparison of whole lists of 100,000 objects would take its time to print.
    expect(symbols.filter((symbol, index) => !same(symbol, expected[index])).slice(0, 5)).toEqual([]);

    for (const name of someNames(expected)) {
      const defined = expected.filter((symbol) => symbol.name === name);
      const global = defined.filter((symbol) => symbol.global);
      expect(global.length > 0 ? global : defined).toContainEqual(image.symbol(name));
    }
  });
});

function same(symbol: BinarySymbol, other: BinarySymbol | undefined): boolean {
  return (
    symbol.name === other?.name &&
    symbol.imageOffset === other.imageOffset &&
    symbol.size === other.size &&
    symbol.kind === other.kind &&
    symbol.global === other.global
  );
}

function someNames(symbols: readonly BinarySymbol[]): string[] {
  const stride = Math.max(1, Math.floor(symbols.length / 300));
  return symbols.filter((_, index) => index % stride === 0).map(({ name }) => name);
}
