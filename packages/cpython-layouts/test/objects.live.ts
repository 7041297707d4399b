import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";
import { findPythons } from "../../../tools/pythons/find-pythons.js";
import { type Layout, layoutFor, layoutFromDebugOffsets, type PythonVersion } from "../src/index.js";
import { type Description, ObjectDescriber } from "./fixtures/object-describer.js";
import { ProcessMemory } from "./fixtures/process-memory.js";

// Given as an argument: an interpreter in a root of its own does not see this file.
const script = readFileSync(new URL("fixtures/make-objects.py", import.meta.url), "utf8");

interface Report {
  readonly build: {
    readonly version: readonly [number, number, number, string];
    readonly pointerSize: 4 | 8;
    readonly unicodeSize: 2 | 4;
    readonly debug: boolean;
    readonly traceReferences: boolean;
    readonly freeThreaded: boolean;
    readonly runtime: number;
    readonly pid: number;
  };
  readonly objects: readonly (readonly [name: string, address: number, description: Description])[];
}

let target: ChildProcess | undefined;

afterEach(async () => {
  const process = target;
  target = undefined;
  if (process === undefined || process.exitCode !== null) return;
  const exited = once(process, "exit");
  process.stdin?.end();
  await exited;
});

async function startTarget(command: readonly string[]): Promise<Report> {
  const [program = "", ...words] = command;
  const process = spawn(program, [...words, "-W", "ignore", "-c", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  target = process;
  const [line] = await once(createInterface(process.stdout), "line");
  return JSON.parse(line);
}

function layoutOf({ build }: Report, memory: ProcessMemory): Layout {
  if (build.runtime !== 0) return layoutFromDebugOffsets(memory.read(build.runtime, 1024));
  const [major, minor, micro, release] = build.version;
  const version: PythonVersion = { major, minor, micro, release };
  return layoutFor(version, { ...build, architecture: build.pointerSize === 4 ? "ia32" : "x64" });
}

/** Sets and attributes have no order, nor have dicts before 3.6 and those that share their keys. */
function inOrder(description: unknown, keepsDicts: boolean): unknown {
  if (!Array.isArray(description)) return description;
  const parts = description.map((part) => inOrder(part, keepsDicts));
  const [kind] = parts;
  const unordered = kind === "set" || (kind === "dict" && !keepsDicts) ? 1 : kind === "object" ? 2 : -1;
  const items = parts[unordered];
  if (Array.isArray(items)) parts[unordered] = sortedByText(items);
  return parts;
}

function sortedByText(items: readonly unknown[]): unknown[] {
  return items
    .map((item) => ({ item, text: JSON.stringify(item) }))
    .sort((left, right) => (left.text < right.text ? -1 : 1))
    .map(({ item }) => item);
}

test.each(findPythons())(
  "$name has the values that it says it has",
  { timeout: 120_000 },
  async ({ command }) => {
    const report = await startTarget(command);
    using memory = new ProcessMemory(report.build.pid);
    const layout = layoutOf(report, memory);
    const describer = new ObjectDescriber(layout, memory);
    const isOrdered = layout.version.major === 3 && layout.version.minor >= 6;
    expect(report.objects.length).toBeGreaterThan(100);
    for (const [name, address, expected] of report.objects) {
      const actual = name.startsWith("subclass")
        ? describer.describeInstance(address)
        : describer.describe(address);
      const keepsDicts = isOrdered && !name.startsWith("dict of an instance");
      expect(inOrder(actual, keepsDicts), name).toEqual(inOrder(expected, keepsDicts));
    }
  },
);
