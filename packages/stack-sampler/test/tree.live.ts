import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isProcessAlive } from "@pyspy/proc-memory";
import { attachAll, type Sampler } from "@pyspy/stack-sampler";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { attachTo, launchProgram, startTarget } from "./fixtures/live-programs.js";
import { Recording } from "./fixtures/recording.js";
import { anyPython, running, sampledPythons } from "./fixtures/sampled-pythons.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stack-sampler-tree-"));
  for (const name of ["go-on", "first"]) writeFileSync(join(folder, name), "");
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Has whatever is in `work` leave it. It does so at the end of the test as well, whoever has started it. */
function endWork(name: "go-on" | "first" = "go-on"): void {
  rmSync(join(folder, name), { force: true });
}

function inFolder(text: string): string {
  return text.replaceAll("FOLDER", JSON.stringify(`${folder}/`));
}

function script(text: string): string {
  const path = join(folder, "program.py");
  writeFileSync(path, inFolder(text));
  return path;
}

const WORK = `
import os, sys, time
def work(name="go-on"):
    while os.access(FOLDER + name, os.F_OK):
        pass
`;

/** All that a sampler tells, when the program ends because there have been samples of so many processes in `name`. */
async function untilIn(sampler: Sampler, name: string, processes: number): Promise<Recording> {
  return Recording.whole(sampler, (recording) => {
    if (pidsIn(recording, name).size >= processes) endWork();
  });
}

/** Ids of the processes that have samples in `name`. */
function pidsIn(recording: Recording, name: string): Set<number> {
  return new Set(
    recording.good.filter(({ stack }) => stack.includes(name)).map(({ process }) => process.pid),
  );
}

/** An old, a middle and a new one. */
const pythons = [8, 11, 13].map((minor) => {
  const python = sampledPythons.find(({ version }) => version.minor === minor);
  if (python === undefined) throw new Error(`There is no CPython 3.${minor}`);
  return python;
});

describe.each(pythons)("children of CPython $name", (python) => {
  test.each(["fork", "spawn", "forkserver"])(
    "are sampled that multiprocessing starts by %s",
    async (method) => {
      const path = script(`${WORK}
import multiprocessing
def child_work():
    work()
if __name__ == "__main__":
    context = multiprocessing.get_context("${method}")
    children = [context.Process(target=child_work) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
`);
      const sampler = await launchProgram([...python.command, path], { subprocesses: true, rate: 200 });
      const recording = await untilIn(sampler, "child_work", 3);
      const pids = pidsIn(recording, "child_work");
      expect(pids.size).toBe(3);
      expect(pids).not.toContain(sampler.pid);
      for (const { process, stack } of recording.good) {
        expect(recording.lineOf(process).at(-1)).toBe(sampler.pid);
        if (stack.includes("child_work")) expect(process.parent).not.toBe(-1);
      }
      expect(await sampler.end).toMatchObject({ reason: "exited", problem: undefined });
    },
  );

  test("are sampled that execute another Python, and are known by what they are then", async () => {
    const path = script(`${WORK}
import subprocess
if len(sys.argv) > 1:
    work()
    sys.exit()
if os.fork() == 0:
    os.execv(sys.executable, [sys.executable, sys.argv[0], "executed"])
subprocess.run([sys.executable, sys.argv[0], "spawned"])
os.wait()
`);
    const sampler = await launchProgram([...python.command, path], { subprocesses: true, rate: 200 });
    const recording = await untilIn(sampler, "work", 2);
    const commands = recording.good
      .filter(({ stack }) => stack.includes("work"))
      .map(({ process }) => process.commandLine.at(-1));
    expect(new Set(commands)).toEqual(new Set(["executed", "spawned"]));
    expect((await sampler.end).pythons).toBe(3);
  });
});

const python = anyPython();

test("a shell and what it starts are one tree", async () => {
  const path = script(`${WORK}\nwork()\n`);
  const words = [...python.command, path].join(" ");
  const sampler = await launchProgram(["sh", "-c", `${words} & ${words}; wait`], {
    subprocesses: true,
    rate: 200,
  });
  const recording = await untilIn(sampler, "work", 2);
  expect(pidsIn(recording, "work").size).toBe(2);
  for (const { process } of recording.good)
    expect(recording.lineOf(process)).toEqual([process.pid, sampler.pid]);
  expect(await sampler.end).toMatchObject({ pythons: 2 });
});

test("points that go by while there is no Python are not missed", async () => {
  const path = script(`${WORK}\nwork()\n`);
  const words = [...python.command, path].join(" ");
  const shell = `${words}; sleep 2; touch ${folder}/go-on; ${words}`;
  const sampler = await launchProgram(["sh", "-c", shell], { subprocesses: true, rate: 1000 });
  let seen = 0;
  const { counters } = await Recording.whole(sampler, (recording) => {
    const { size } = pidsIn(recording, "work");
    if (size > seen) endWork();
    seen = size;
  });
  const { seconds, pythons } = await sampler.end;
  expect(pythons).toBe(2);
  expect(counters.scheduled).toBeLessThan((seconds - 1) * 1000);
});

test("what a process leaves behind is sampled after its end, up to its own", async () => {
  const path = script(`${WORK}
def daemon():
    work()
work("first")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        daemon()
    os._exit(0)
os.wait()
os._exit(0)
`);
  const sampler = await launchProgram([...python.command, path], { subprocesses: true, rate: 200 });
  let wanted = Number.POSITIVE_INFINITY;
  const samplesOfDaemon = ({ good }: Recording) =>
    good.filter(({ stack }) => stack.includes("daemon")).length;
  const recording = await Recording.whole(sampler, (sofar) => {
    if (sofar.names.has("work")) endWork("first");
    const samples = samplesOfDaemon(sofar);
    if (wanted === Number.POSITIVE_INFINITY && !isProcessAlive(sampler.pid)) wanted = samples + 20;
    if (samples >= wanted) endWork();
  });
  expect(samplesOfDaemon(recording)).toBeGreaterThanOrEqual(wanted);
  const last = recording.good.findLast(({ stack }) => stack.includes("daemon"));
  expect(last?.process.pid).not.toBe(sampler.pid);
  expect(recording.lineOf(last?.process ?? fail()).at(-1)).toBe(sampler.pid);
});

test("a daemon is sampled whose starter is gone before it was seen", async () => {
  const path = script(`${WORK}
def daemon():
    work()
work("first")
for _ in range(6):
    if os.fork() == 0:
        if os.fork() == 0:
            os.setsid()
            daemon()
        os._exit(0)
    os.wait()
`);
  const sampler = await launchProgram([...python.command, path], { subprocesses: true, rate: 200 });
  const recording = await Recording.whole(sampler, (sofar) => {
    if (sofar.names.has("work")) endWork("first");
    if (pidsIn(sofar, "daemon").size === 6) endWork();
  });
  expect(pidsIn(recording, "daemon").size).toBe(6);
  for (const { process } of recording.good) expect(recording.lineOf(process).at(-1)).toBe(sampler.pid);
});

test("other programs are counted by name, and no stack of who starts them is taken for theirs", async () => {
  const path = script(`${WORK}
import subprocess
def spawner():
    lasting = [subprocess.Popen(["sleep", "600"]) for _ in range(5)]
    work()
    for program in lasting:
        program.kill()
        program.wait()
spawner()
`);
  const sampler = await launchProgram([...python.command, path], {
    subprocesses: true,
    idle: true,
    rate: 1000,
  });
  // Whatever is there was looked at long before it has been in so many samples.
  const recording = await Recording.whole(sampler, ({ good }) => {
    if (good.filter(({ stack }) => stack.includes("work")).length >= 100) endWork();
  });
  expect(pidsIn(recording, "spawner")).toEqual(new Set([sampler.pid]));
  const { pythons, others } = await sampler.end;
  expect(pythons).toBe(1);
  expect(others.find(({ name }) => name === "sleep")?.count).toBe(5);
});

test("of 300 children of 50 ms there are four fifths of the possible samples", async () => {
  const lives = join(folder, "lives");
  const path = script(`${WORK}
def work_on(end):
    while time.monotonic() < end:
        pass
def child():
    begin = time.monotonic()
    work_on(begin + 0.05)
    lived = time.monotonic() - begin
    with open(sys.argv[1], "a") as file:
        file.write("%f\\n" % lived)
    os._exit(0)
time.sleep(0.3)
for _ in range(300):
    if os.fork() == 0:
        child()
    os.wait()
`);
  const sampler = await launchProgram([...python.command, path, lives], {
    subprocesses: true,
    idle: true,
    rate: 200,
  });
  const recording = await Recording.whole(sampler);
  const { seconds } = await sampler.end;
  const samples = recording.samples.filter(
    ({ stack }) => stack.includes("child") && stack.at(-1) === "work_on",
  ).length;
  const lived = readFileSync(lives, "utf8").trim().split("\n").map(Number);
  expect(lived).toHaveLength(300);
  const possible = (lived.reduce((sum, life) => sum + life) * recording.counters.taken) / seconds;
  expect(samples).toBeGreaterThan(0.8 * possible);
}, 300_000);

test("samples tell the resident memory of their process where that is asked for", async () => {
  const path = script(`${WORK}
if os.fork() == 0:
    large = b"x" * 100_000_000
    work()
    os._exit(0)
work()
`);
  const sampler = await launchProgram([...python.command, path], { subprocesses: true, resident: true });
  const most = new Map<number, number>();
  const processes: number[] = [];
  const recording = new Recording();
  for await (const batch of sampler) {
    recording.add(batch);
    if (pidsIn(recording, "work").size === 2) endWork();
    const { threads, samples } = batch;
    processes.push(...threads.map(({ process }) => process));
    for (const [row, thread] of samples.thread.entries()) {
      const process = processes[thread] ?? -1;
      most.set(process, Math.max(most.get(process) ?? 0, samples.resident?.[row] ?? Number.NaN));
    }
  }
  const [small = 0, large = 0] = [...most.values()].sort((a, b) => a - b);
  expect(small).toBeGreaterThan(1_000_000);
  expect(large - small).toBeGreaterThan(90_000_000);
});

describe("attachAll", () => {
  test("samples several processes at the same points in time", async () => {
    const targets = [0, 1].map(() =>
      startTarget(running(python, inFolder(`${WORK}\nprint("ready")\nwork()`))),
    );
    for (const target of targets) await target.line();
    const sampler = await attached(targets.map(({ pid }) => pid));
    const timesOf = ({ samples }: Recording) =>
      targets.map(({ pid }) => samples.filter(({ process }) => process.pid === pid).map(({ time }) => time));
    const recording = await Recording.until(sampler, (sofar) =>
      timesOf(sofar).every((times) => times.length > 50),
    );
    const [first = [], second = []] = timesOf(recording);
    // The one may have been found long before the other.
    const since = Math.max(first[0] ?? 0, second[0] ?? 0);
    const shared = first.filter((time) => second.includes(time));
    expect(shared.length).toBeGreaterThan(0.5 * first.filter((time) => time >= since).length);
    expect(await sampler.end).toMatchObject({ pythons: 2, others: [] });
  });

  test("samples what has been found before it looks at more", async () => {
    const path = script(`${WORK}
pids = [os.fork() or work() for _ in range(11)]
print(*pids, flush=True)
work()
`);
    const target = startTarget([...python.command, path], { detached: true });
    try {
      const pids = (await target.line()).split(" ").map(Number);
      const sampler = await attached(pids, { rate: 1000 });
      const recording = await Recording.until(sampler, (it) => pidsIn(it, "work").size === pids.length);
      const firsts = pids.map((pid) => recording.good.find(({ process }) => process.pid === pid)?.time);
      expect(new Set(firsts).size).toBeGreaterThan(1);
    } finally {
      process.kill(-target.pid, "SIGKILL");
    }
  });

  test("tells those apart that ended before a Python was found in them", async () => {
    const path = script(`${WORK}
for _ in range(20):
    if os.fork() == 0:
        os._exit(0)
    time.sleep(0.02)
work()
`);
    const sampler = await launchProgram([...python.command, path], { subprocesses: true });
    await untilIn(sampler, "work", 1);
    const { others } = await sampler.end;
    for (const { name, reason } of others) expect([name, reason]).toEqual([undefined, undefined]);
  });

  test("goes on with what there is when one has ended, and tells of what there was not", async () => {
    const sleep = startTarget(["sleep", "600"]);
    const target = startTarget(running(python, inFolder(`${WORK}\nprint("ready")\nwork()`)));
    await target.line();
    const sampler = await attached([sleep.pid, 2 ** 22 - 1, target.pid]);
    process.kill(target.pid, "SIGTERM");
    const recording = await Recording.whole(sampler);
    for (const sample of recording.samples) expect(sample.process.pid).toBe(target.pid);
    const { reason, problem, pythons, others } = await sampler.end;
    expect([reason, problem, pythons]).toEqual(["exited", undefined, 1]);
    expect(others.map(({ reason }) => reason)).toEqual([
      expect.stringContaining("there is no such process"),
      expect.stringContaining("it is not a Python program"),
    ]);
  });

  test("finds the Pythons below a shell, also those that begin later", async () => {
    const path = script(`${WORK}\nwork()\n`);
    const words = [...python.command, path].join(" ");
    const shell = startTarget(["sh", "-c", `while touch ${folder}/go-on && ${words}; do :; done`]);
    const sampler = await attached([shell.pid], { subprocesses: true });
    let seen = 0;
    const recording = await Recording.until(sampler, (it) => {
      const { size } = pidsIn(it, "work");
      if (size > seen) endWork();
      seen = size;
      return size > 2;
    });
    expect(pidsIn(recording, "work")).not.toContain(shell.pid);
  });

  test("rejects where there is no Python at all", async () => {
    const sleep = startTarget(["sleep", "600"]);
    await expect(attachAll([sleep.pid])).rejects.toMatchObject({ code: "not-python" });
    await expect(attachAll([])).rejects.toMatchObject({ code: "no-such-process" });
  });

  test("is what attach does with a tree", async () => {
    const path = script(`${WORK}
for _ in range(2):
    if os.fork() == 0:
        work()
print("ready", flush=True)
work()
`);
    const target = startTarget([...python.command, path], { detached: true });
    await target.line();
    try {
      const sampler = await attachTo(target.pid, { subprocesses: true });
      const recording = await Recording.until(sampler, (it) => pidsIn(it, "work").size === 3);
      expect(pidsIn(recording, "work")).toContain(target.pid);
    } finally {
      process.kill(-target.pid, "SIGKILL");
    }
  });
});

async function attached(pids: readonly number[], options: object = {}): Promise<Sampler> {
  return attachAll(pids, { rate: 200, ...options });
}

function fail(): never {
  throw new Error("there is no sample");
}
