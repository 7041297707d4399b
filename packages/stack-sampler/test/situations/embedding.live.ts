import { appendFileSync, cpSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { untilAtRest } from "../fixtures/at-rest.js";
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

describe.each(libraries)("a program with CPython $name whose first thread has ended", (python) => {
  const { compilerWords, environment: env } = hostSettingOf(python);
  const library = libraryOf(workshop, python);
  const words = [library, "-pthread", `-Wl,-rpath,${join(library, "..")}`, ...compilerWords];
  const host = workshop.compile("leaderless-host.c", words);
  const program = `
import os, signal, threading

def nap():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    signal.sigwait([signal.SIGUSR1])
    os._exit(7)

def work():
    os.write(1, os.readlink("/proc/thread-self").split("/")[-1].encode() + b"\\n")
    while True:
        pass

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
for target in [nap, work]:
    threading.Thread(target=target).start()
`;
  const hasEnded = (pid: number) => /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  const works = ({ good }: Recording) =>
    good.filter(({ stack, active }) => active && stack.at(-1) === "work").length;

  test("is sampled", async () => {
    const target = startTarget([host, program], { env });
    const working = Number(await target.line());
    target.release();
    await vi.waitFor(() => expect(hasEnded(target.pid)).toBe(true), { timeout: 30_000 });
    await untilAtRest(target.pid, (tid) => tid !== target.pid && tid !== working);
    const sampler = await attachTo(target.pid, { rate: 500, idle: true });
    const recording = await Recording.until(sampler, (so) => works(so) >= 5 && so.names.has("nap"));
    for (const { stack, thread, active } of recording.good) {
      expect(thread.tid).not.toBe(target.pid);
      expect(["work", "nap"]).toContain(stack.find((name) => name === "work" || name === "nap"));
      if (stack.at(-1) === "nap") expect([thread.tid, active]).toEqual([expect.any(Number), false]);
    }
  });

  test("is sampled on, to its end", async () => {
    const target = startTarget([host, program], { env });
    await target.line();
    const sampler = await attachTo(target.pid, { rate: 500 });
    const recording = new Recording();
    let wanted = Number.POSITIVE_INFINITY;
    let told = false;
    for await (const batch of sampler) {
      recording.add(batch);
      if (works(recording) >= 5) target.release();
      if (wanted === Number.POSITIVE_INFINITY && hasEnded(target.pid)) wanted = works(recording) + 200;
      if (works(recording) < wanted || told) continue;
      process.kill(target.pid, "SIGUSR1");
      told = true;
    }
    expect(works(recording)).toBeGreaterThanOrEqual(wanted);
    expect(await sampler.end).toMatchObject({ reason: "exited", problem: undefined });
    expect(await target.exited).toBe(7);
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
