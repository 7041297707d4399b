import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isSamplerError } from "@pyspy/stack-sampler";
import { describe, expect, test, vi } from "vitest";
import { attachTo, startTarget } from "../fixtures/live-programs.js";
import { libraries, libraryOf, pythons } from "./fixtures/situation-pythons.js";
import { fixture, Workshop } from "./fixtures/workshop.js";

const workshop = new Workshop();
const mapper = workshop.compile("mapper.c");

test.each([
  ["sleep", ["sleep", "600"]],
  ["node", [process.execPath, "-e", "setInterval(() => {}, 1000)"]],
  ["a C program", [mapper, fixture("mapper.c")]],
])("%s is no Python", async (_, command) => {
  const target = startTarget(command);
  await vi.waitFor(() => expect(stateOf(target.pid)).toBe("S"), { timeout: 30_000 });
  await expectNoPython(target.pid);
});

describe("a program that maps a Python without running it", () => {
  test.each(pythons)("is no Python: the executable of CPython $name", async ({ executable }) => {
    await expectNoPythonIn([mapper, executable]);
  });

  test.each(libraries)("is no Python: the library of CPython $name", async (python) => {
    await expectNoPythonIn([mapper, libraryOf(workshop, python)]);
  });
});

async function expectNoPythonIn(command: readonly string[]): Promise<void> {
  const target = startTarget(command);
  expect(await target.line()).toBe("ready");
  await expectNoPython(target.pid);
}

/** Where the system shows them, which it does not in a container. */
test("threads of the kernel are no Pythons", async () => {
  for (const pid of kernelThreads().slice(0, 3)) await expectNoPython(pid);
});

async function expectNoPython(pid: number): Promise<void> {
  const error = await attachTo(pid).catch((reason: unknown) => reason);
  if (!isSamplerError(error)) throw new Error(`process ${pid} could be sampled, or: ${error}`);
  expect(error).toMatchObject({ code: "not-python", pid });
  expect(error.message).toMatch(/^Cannot sample process \d+( \(.+\))?: it is not a Python program$/);
}

/** They execute nothing. */
function kernelThreads(): readonly number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => (flagsOf(pid) & 0x200000) !== 0).map(Number);
}

/** `PF_KTHREAD` is 0x200000. */
function flagsOf(pid: string): number {
  return Number(fieldsOf(pid)[6] ?? 0);
}

function stateOf(pid: number): string | undefined {
  return fieldsOf(String(pid))[0];
}

/** What the kernel says of a process behind its name; nothing of one that has ended. */
function fieldsOf(pid: string): readonly string[] {
  try {
    return readFileSync(join("/proc", pid, "stat"), "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
  } catch {
    return [];
  }
}
