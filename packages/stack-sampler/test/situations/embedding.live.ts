import { appendFileSync, cpSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { attachTo, launchProgram, startTarget } from "../fixtures/live-programs.js";
import { Recording } from "../fixtures/recording.js";
import { expectSampled, WORK } from "./fixtures/sampled-from.js";
import { hostSettingOf, libraries, libraryOf, pythonOf, seriesOf } from "./fixtures/situation-pythons.js";
import { run, Workshop } from "./fixtures/workshop.js";

const workshop = new Workshop();

describe.each(libraries)("CPython $name", (python) => {
  const { compilerWords, environment: env } = hostSettingOf(python);
  const library = libraryOf(workshop, python);

  test("that a program is linked with is sampled", async () => {
    const host = workshop.compile("linked-host.c", [
      library,
      `-Wl,-rpath,${join(library, "..")}`,
      ...compilerWords,
    ]);
    const target = startTarget([host, WORK], { env });
    expect(await target.line()).toBe("ready");
    expect(await expectSampled(target.pid)).toMatch(seriesOf(python));
  });

  test("in a library of another name, loaded late, is sampled when it is there", async () => {
    const host = workshop.compile("loading-host.c", compilerWords);
    const engine = join(workshop.newFolder(), "libengine.so");
    cpSync(library, engine);
    const target = startTarget([host, engine, WORK, "wait"], { env });
    expect(await target.line()).toBe("waiting");
    await expect(attachTo(target.pid)).rejects.toMatchObject({ code: "not-python" });
    target.release();
    expect(await target.line()).toBe("ready");
    expect(await expectSampled(target.pid)).toMatch(seriesOf(python));
  });

  test("in a library that a launched program loads late is sampled", async () => {
    const host = workshop.compile("loading-host.c", compilerWords);
    const folder = workshop.newFolder();
    const [engine, fifo] = [join(folder, "libengine.so"), join(folder, "input")];
    cpSync(library, engine);
    run(["mkfifo", fifo]);
    const settings = Object.entries(env).flatMap(([name, value = ""]) =>
      /^(PYTHON|LD_)/.test(name) ? [`${name}=${value}`] : [],
    );
    const script = `exec env "$@" < ${fifo} > ${folder}/output`;
    const sampler = await launchProgram(["sh", "-c", script, "sh", ...settings, host, engine, WORK, "wait"], {
      rate: 500,
    });
    const input = await open(fifo, "w");
    await vi.waitFor(() => expect(readlinkSync(`/proc/${sampler.pid}/exe`)).toBe(host), { timeout: 30_000 });
    await input.close();
    const recording = await Recording.until(sampler, ({ names }) => names.has("work"));
    expect(recording.good.some(({ stack }) => stack.join(";") === "<module>;work")).toBe(true);
  });

  test("that a program unpacks, loads and deletes is sampled", async () => {
    const host = workshop.compile("bootloader.c", compilerWords);
    const payload = readFileSync(library);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(payload.length));
    appendFileSync(host, Buffer.concat([payload, length]));
    const folder = workshop.newFolder();
    const target = startTarget([host, folder, WORK], { env });
    expect(await target.line()).toBe("ready");
    expect(readdirSync(folder)).toEqual([]);
    expect(await expectSampled(target.pid)).toMatch(seriesOf(python));
  });
});

describe("two Pythons in one process", () => {
  const program = (name: string) => `
def ${name}():
    while True:
        pass

import os
os.write(1, b"ready\\n")
${name}()
`;

  test.each([
    ["3.8", "3.13"],
    ["3.11", "3.15"],
    ["3.13", "3.13"],
  ])("are both sampled: CPython %s and %s", async (...series) => {
    const both = series.map(
      (each) => libraries.find((python) => seriesOf(python) === each) ?? pythonOf(each, true),
    );
    const { compilerWords } = hostSettingOf(pythonOf("3.15"));
    const host = workshop.compile("two-runtimes.c", ["-pthread", ...compilerWords]);
    const words = both.flatMap((python, index) => {
      const copy = join(workshop.newFolder(), `libruntime${index}.so`);
      cpSync(libraryOf(workshop, python), copy);
      return [
        hostSettingOf(python).environment["PYTHONHOME"] ?? "",
        copy,
        program(["first", "second"][index] ?? ""),
      ];
    });
    const { environment: env } = hostSettingOf(pythonOf("3.15"));
    const target = startTarget([host, ...words], { env });
    expect([await target.line(), await target.line()]).toEqual(["ready", "ready"]);
    const sampler = await attachTo(target.pid, { rate: 500 });
    const recording = await Recording.until(sampler, ({ good }) =>
      ["first", "second"].every((name) => good.filter(({ stack }) => stack[1] === name).length >= 5),
    );
    const calls = new Map<number, Set<string>>();
    for (const { thread, stack } of recording.good) {
      expect(stack[0]).toBe("<module>");
      const of = calls.get(thread.tid) ?? new Set();
      if (stack.length > 1) calls.set(thread.tid, of.add(stack.slice(1).join(";")));
    }
    expect([...calls.values()].map((of) => [...of]).toSorted()).toEqual([["first"], ["second"]]);
  });
});
