import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type BinaryImage,
  type ByteSource,
  openFileSource,
  openImage,
  openLoadedImage,
} from "../src/index.js";
import { libcPath } from "./fixtures/machine-binaries.js";

interface Mapping {
  readonly address: number;
  readonly fileOffset: number;
  readonly executable: boolean;
  readonly path: string;
}

const PROGRAM = `#include <stdio.h>
int exported_object = 1; static int local_object = 2; int zeroed_object[4096];
void exported_function(void) {} static void local_function(void) {}
int main(void) {
  char line[4096]; FILE *maps = fopen("/proc/self/maps", "r");
  printf("exported_object %p\\nlocal_object %p\\nzeroed_object %p\\nexported_function %p\\nlocal_function %p\\n",
    (void *)&exported_object, (void *)&local_object, (void *)zeroed_object, (void *)exported_function, (void *)local_function);
  while (fgets(line, sizeof line, maps)) fputs(line, stdout);
  return 0;
}\n`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "binary-symbols-"));
  writeFileSync(join(folder, "program.c"), PROGRAM);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a running program", () => {
  const everything = [
    "exported_object",
    "local_object",
    "zeroed_object",
    "exported_function",
    "local_function",
  ];
  const exported = everything.filter((name) => !name.startsWith("local"));
  it.each([
    { flags: ["-pie", "-fPIE"], found: everything },
    { flags: ["-no-pie"], found: everything },
    { flags: ["-static"], found: everything },
    { flags: ["-static-pie", "-fPIE"], found: everything },
    { flags: ["-pie", "-fPIE", "-rdynamic", "-s"], found: exported },
    { flags: ["-no-pie", "-s"], found: [] },
    { flags: ["-pie", "-fPIE", "-Wl,-z,noseparate-code"], found: everything },
    { flags: ["-pie", "-fPIE", "-Wl,-z,max-page-size=0x200000"], found: everything },
    { flags: ["-no-pie", "-Wl,--hash-style=sysv,-z,norelro", "-rdynamic", "-s"], found: exported },
  ])("built with $flags has its symbols where they are said to be", ({ flags, found }) => {
    const path = join(folder, `program${flags.join("").replaceAll(/[^\w-]/g, "")}`);
    execFileSync("gcc", [...flags, "-o", path, join(folder, "program.c")]);
    const output = execFileSync(path, { encoding: "latin1" });
    const addresses = new Map(
      Array.from(output.matchAll(/^(\w+) 0x([0-9a-f]+)$/gm), ([, name = "", at = ""]) => [
        name,
        Number.parseInt(at, 16),
      ]),
    );
    const mappings = mappingsIn(output).filter((mapping) => mapping.path === path);

    using file = openFileSource(path);
    const image = openImage(file);
    const [lowest, ...others] = mappings;
    if (!lowest) throw new Error(`${path} is not mapped`);
    const bias = image.loadBias(lowest) ?? Number.NaN;
    const executable = others.filter((mapping) => mapping.executable);
    expect(lowest.executable || executable.length > 0).toBe(true);
    expect(executable.map((mapping) => image.loadBias(mapping))).toEqual(executable.map(() => bias));
    expect(found.map((name) => addressIn(image, name, bias))).toEqual(
      found.map((name) => addresses.get(name)),
    );
    expect(everything.filter((name) => image.symbol(name))).toEqual(found);
  });
});

describe("this process", () => {
  it("has the same dynamic symbols in memory as in the file of its C library", () => {
    const path = libcPath();
    const mappings = mappingsIn(readFileSync("/proc/self/maps", "latin1")).filter(
      (mapping) => mapping.path === path,
    );
    const [first] = mappings;
    if (!first) throw new Error(`${path} is not mapped`);
    using file = openFileSource(path);
    const inFile = openImage(file);
    const memory = openSync("/proc/self/mem", "r");
    try {
      const inMemory = openLoadedImage(memorySource(memory, first.address), first.address);
      expect(inMemory.segments).toEqual(inFile.segments);
      expect(inMemory.buildId).toBe(inFile.buildId);
      const names = ["malloc", "printf", "environ", "pthread_create", "no_such_function"];
      expect(names.map((name) => inMemory.symbol(name))).toEqual(names.map((name) => inFile.symbol(name)));
      expect(inMemory.symbol("malloc")?.kind).toBe("function");
      const inDynsym = inFile.symbols().filter(({ name }) => inMemory.symbol(name));
      expect(inMemory.symbols().length).toBeGreaterThan(1000);
      expect(inMemory.symbols()).toEqual(inDynsym);
      expect(inMemory.loadBias(first)).toBe(first.address);
    } finally {
      closeSync(memory);
    }
  });
});

function addressIn(image: BinaryImage, name: string, bias: number): number | undefined {
  const symbol = image.symbol(name);
  return symbol && symbol.imageOffset + bias;
}

function mappingsIn(maps: string): Mapping[] {
  const rows = maps.matchAll(/^([0-9a-f]+)-[0-9a-f]+ (..)(.). ([0-9a-f]+) \S+ [1-9]\d* +(.*)$/gm);
  return Array.from(rows, ([, start = "", , execute, offset = "", path = ""]) => ({
    address: Number.parseInt(start, 16),
    fileOffset: Number.parseInt(offset, 16),
    executable: execute === "x",
    path,
  }));
}

function memorySource(descriptor: number, base: number): ByteSource {
  return {
    size: Number.MAX_SAFE_INTEGER,
    read: (offset, length) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, base + offset));
    },
  };
}
