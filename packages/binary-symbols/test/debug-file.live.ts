import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type BinaryImage,
  type DebugImage,
  type FileSource,
  findDebugImage,
  openFileSource,
  openImage,
} from "../src/index.js";
import { readelf } from "./fixtures/readelf.js";

const SOURCE = `#include <stdio.h>
static int hidden_object = 2; int zeroed_object[4096];
__attribute__((noinline)) static int hidden_function(void) { return hidden_object; }
int main(void) {
  char line[4096]; FILE *maps = fopen("/proc/self/maps", "r");
  printf("hidden_object %p\\nzeroed_object %p\\nhidden_function %p\\n",
    (void *)&hidden_object, (void *)zeroed_object, (void *)hidden_function);
  while (fgets(line, sizeof line, maps)) fputs(line, stdout);
  return hidden_function() - 2;
}\n`;
const HIDDEN = ["hidden_object", "zeroed_object", "hidden_function"];

const base = mkdtempSync(join(tmpdir(), "binary-symbols-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Each test has a folder of its own, with a program that is not stripped yet. */
let folder = "";
let program = "";
let debugFile = "";
let source: FileSource | undefined;
afterEach(() => source?.close());
beforeEach(() => {
  folder = mkdtempSync(join(base, "test-"));
  program = join(folder, "bin", "program");
  debugFile = join(folder, "program.debug");
  mkdirSync(dirname(program));
});

function build(...flags: string[]) {
  const sourceFile = join(folder, "program.c");
  writeFileSync(sourceFile, SOURCE);
  execFileSync("gcc", ["-g", ...flags, "-o", program, sourceFile]);
  execFileSync("objcopy", ["--only-keep-debug", program, debugFile]);
}

function moveTo(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  renameSync(debugFile, path);
  return path;
}

async function find(): Promise<{ image: BinaryImage; debug: DebugImage | undefined; rejected: string[] }> {
  const rejected: string[] = [];
  source = openFileSource(program);
  const image = openImage(source);
  const debug = await findDebugImage(image, {
    path: program,
    directories: [join(folder, "debug")],
    openFile: (path) => (existsSync(path) ? openFileSource(path) : undefined),
    onRejected: (path, rejection) => rejected.push(`${path}: ${rejection}`),
  });
  return { image, debug, rejected };
}

/** What the program says about itself, against what its debug file says. */
function expectHiddenSymbols(image: BinaryImage, debug: BinaryImage | undefined, names: readonly string[]) {
  const output = execFileSync(program, { encoding: "latin1" });
  const [, start = "", offset = ""] =
    new RegExp(`^([0-9a-f]+)-\\S+ \\S+ ([0-9a-f]+) .* ${program}$`, "m").exec(output) ?? [];
  const mapping = { address: Number.parseInt(start, 16), fileOffset: Number.parseInt(offset, 16) };
  const bias = debug?.loadBias(mapping) ?? Number.NaN;
  expect(bias).toBe(image.loadBias(mapping));
  const addresses = names.map(
    (name) => `${name} 0x${((debug?.symbol(name)?.imageOffset ?? 0) + bias).toString(16)}`,
  );
  expect(output.split("\n")).toEqual(expect.arrayContaining(addresses));
  expect(names.map((name) => image.symbol(name))).toEqual(names.map(() => undefined));
}

describe.each([
  ["position independent", ["-pie", "-fPIE"]],
  ["at a fixed address", ["-no-pie"]],
  ["with data in the pages of its code", ["-pie", "-fPIE", "-Wl,-z,noseparate-code"]],
])("a stripped program %s", (_, flags) => {
  it("has its symbols in the debug file of its build id", async () => {
    build(...flags, "-Wl,--build-id");
    execFileSync("strip", [program]);
    const buildId = /Build ID: ([0-9a-f]+)/.exec(readelf("--notes", program))?.[1] ?? "";
    const path = moveTo(join(folder, "debug/.build-id", buildId.slice(0, 2), `${buildId.slice(2)}.debug`));
    const { image, debug } = await find();
    expect(debug).toMatchObject({ kind: "build-id", path });
    expectHiddenSymbols(image, debug?.image, HIDDEN);
    debug?.close();
  });

  it.each([
    ["beside it", () => join(folder, "bin/program.debug")],
    ["in .debug beside it", () => join(folder, "bin/.debug/program.debug")],
    ["in the tree of debug files", () => join(folder, "debug", folder, "bin/program.debug")],
  ])("has its symbols in the debug file that it links to, %s", async (_place, place) => {
    build(...flags, "-Wl,--build-id=none");
    execFileSync("strip", [program]);
    execFileSync("objcopy", [`--add-gnu-debuglink=${debugFile}`, program]);
    const path = moveTo(place());
    const { image, debug, rejected } = await find();
    expect(debug).toMatchObject({ kind: "debuglink", path });
    expect(rejected).toEqual([]);
    expectHiddenSymbols(image, debug?.image, HIDDEN);
    debug?.close();
  });

  it("has its functions in the MiniDebugInfo inside of it", async () => {
    build(...flags, "-Wl,--build-id");
    addMiniDebugInfo();
    const { image, debug } = await find();
    expect(debug).toMatchObject({ kind: "gnu_debugdata", path: program });
    expectHiddenSymbols(image, debug?.image, ["hidden_function"]);
    expect(debug?.image.symbol("hidden_object")).toBeUndefined();
    debug?.close();
  });
});

it("a program that was built again does not get the debug file of the former build", async () => {
  build("-Wl,--build-id");
  execFileSync("strip", [program]);
  execFileSync("objcopy", [`--add-gnu-debuglink=${debugFile}`, program]);
  const former = moveTo(join(folder, "bin/.debug/program.debug"));
  build("-Wl,--build-id", "-O2");
  execFileSync("strip", [program]);
  execFileSync("objcopy", [`--add-gnu-debuglink=${debugFile}`, program]);
  expect(await find()).toMatchObject({ debug: undefined, rejected: [`${former}: other-build-id`] });
});

it("a program does not get MiniDebugInfo of another build", async () => {
  build("-Wl,--build-id=0xaaaa");
  addMiniDebugInfo();
  build("-Wl,--build-id=0xbbbb");
  execFileSync("strip", [program]);
  execFileSync("objcopy", [`--add-section=.gnu_debugdata=${join(folder, "mini.xz")}`, program]);
  expect(await find()).toMatchObject({ debug: undefined, rejected: [`${program}: other-build-id`] });
});

it("debug information that was compressed is unpacked", () => {
  build("-gz=none");
  const section = ".debug_info";
  const packedFile = join(folder, "packed.debug");
  execFileSync("objcopy", ["--compress-debug-sections=zlib", debugFile, packedFile]);
  using plainSource = openFileSource(debugFile);
  using packedSource = openFileSource(packedFile);
  const [plainImage, packedImage] = [openImage(plainSource), openImage(packedSource)];
  const [plain, packed] = [plainImage.section(section), packedImage.section(section)];
  if (!plain || !packed) throw new Error("gcc -g makes this section");
  expect([plain.compressed, packed.compressed]).toEqual([false, true]);
  expect(packedImage.sectionBytes(packed)).toEqual(plainImage.sectionBytes(plain));
});

/** As the GDB manual makes it: the functions that are not among the dynamic symbols, in a file of their own, in xz. */
function addMiniDebugInfo() {
  const defined = (...args: string[]) =>
    execFileSync("nm", [...args, "--format=posix", "--defined-only", program], { encoding: "latin1" })
      .split("\n")
      .map((line) => line.split(" "));
  const dynamic = new Set(defined("-D").map(([name]) => name));
  const functions = defined()
    .filter(([name, type = ""]) => /^[tT]$/.test(type) && !dynamic.has(name))
    .map(([name]) => name);
  const keep = join(folder, "keep");
  writeFileSync(keep, functions.join("\n"));
  const mini = join(folder, "mini");
  execFileSync("objcopy", ["-S", "--remove-section=.comment", `--keep-symbols=${keep}`, debugFile, mini]);
  execFileSync("strip", ["--strip-all", "-R", ".comment", program]);
  execFileSync("xz", [mini]);
  execFileSync("objcopy", [`--add-section=.gnu_debugdata=${mini}.xz`, program]);
}
