import type { SamplerOptions } from "@pyspy/stack-sampler";
import { describe, expect, test } from "vitest";
import type { Python } from "../../../tools/testing/pythons.js";
import { untilAtRest } from "./fixtures/at-rest.js";
import { attachTo, startTarget } from "./fixtures/live-programs.js";
import { Recording } from "./fixtures/recording.js";
import { running, sampledPythons } from "./fixtures/sampled-pythons.js";

/** What every one of these programs starts with. */
const PROLOGUE = `
import json, os, sys, threading

def wait():
    print(json.dumps(told))
    os.read(0, 1)

told = []
`;

/** Samples a program that has told something and now stands still, but for what `busyIn` finds in that. */
async function sampleWaiting<Told>(
  python: Python,
  program: string,
  options: SamplerOptions,
  condition: (recording: Recording, told: Told) => boolean,
  busyIn: (told: Told) => number | undefined = () => undefined,
): Promise<{ recording: Recording; told: Told }> {
  const target = startTarget(running(python, PROLOGUE + program));
  const told = JSON.parse(await target.line()) as Told;
  const busy = busyIn(told);
  await untilAtRest(target.pid, (tid) => tid !== busy);
  const sampler = await attachTo(target.pid, { rate: 200, ...options });
  const recording = await Recording.until(sampler, (sofar) => condition(sofar, told));
  return { recording, told };
}

function goodStacks(recording: Recording): ReadonlySet<string> {
  return new Set(recording.good.map(({ stack }) => stack.join(";")));
}

const FIVE_THREADS = `
def busy():
    is_busy.set()
    while True:
        pass

def nap(event):
    event.wait()

def begin(function, *arguments):
    ready.acquire()
    told.append([threading.get_native_id(), threading.get_ident(), function.__name__])
    ready.release()
    function(*arguments)

ready = threading.Lock()
is_busy = threading.Event()
for _ in range(3):
    threading.Thread(target=begin, args=(nap, threading.Event()), daemon=True).start()
threading.Thread(target=begin, args=(busy,), daemon=True).start()
while True:
    with ready:
        if len(told) == 4:
            break
is_busy.wait()
told.append([threading.get_native_id(), threading.get_ident(), "wait"])
wait()
`;

type ToldThread = readonly [tid: number, pythonId: number, name: string];

function busyOf(told: readonly ToldThread[]): number | undefined {
  return told.find(([, , name]) => name === "busy")?.[0];
}

const SUB_INTERPRETER = `
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

script = """
import os
def inside():
    os.write(1, b"\\\\n")
    while True:
        pass
inside()
"""

def begin():
    told.append(threading.get_native_id())
    sub = interpreters.create()
    told.append(int(sub))
    os.write(1, (json.dumps(told) + "\\n").encode())
    interpreters.run_string(sub, script)

thread = threading.Thread(target=begin, daemon=True)
thread.start()
os.read(0, 1)
os._exit(0)
`;

describe.each(sampledPythons)("CPython $name", (python) => {
  test("without idle only threads that run are there", async () => {
    const { recording, told } = await sampleWaiting<ToldThread[]>(
      python,
      FIVE_THREADS,
      {},
      ({ samples }) => samples.length >= 100,
      busyOf,
    );
    expect(new Set(recording.samples.map(({ thread }) => thread.tid))).toEqual(new Set([busyOf(told)]));
    expect(recording.samples.every(({ active }) => active)).toBe(true);
  });

  test("with idle all threads are there, under the ids that they have", async () => {
    const { recording, told } = await sampleWaiting<ToldThread[]>(
      python,
      FIVE_THREADS,
      { idle: true },
      ({ samples }) => samples.length >= 200,
      busyOf,
    );
    const seen = new Map<number, Set<unknown>>();
    for (const { thread, stack, active } of recording.good) {
      const of = seen.get(thread.tid) ?? new Set();
      seen.set(thread.tid, of.add(JSON.stringify([thread.pythonId, leafOf(stack), active])));
    }
    const expected = told.map(([tid, pythonId, name]): [number, Set<unknown>] => [
      tid,
      new Set([JSON.stringify([pythonId, name, name === "busy"])]),
    ]);
    expect(seen).toEqual(new Map(expected));
  });

  test("a sub-interpreter's thread is there as well as the main interpreter's", async () => {
    const { recording, told } = await sampleWaiting<[tid: number, interpreter: number]>(
      python,
      SUB_INTERPRETER,
      { idle: true },
      ({ samples }) => samples.some(({ stack, torn }) => !torn && stack.includes("inside")),
      ([tid]) => tid,
    );
    const [tid, interpreter] = told;
    const inside = recording.good.find(({ stack }) => stack.includes("inside"));
    expect(inside).toMatchObject({ thread: { tid, interpreter }, stack: ["<module>", "inside"] });
    expect(recording.good.some(({ thread }) => thread.interpreter === 0)).toBe(true);
  });

  test.each([900, 20_000])("a recursion of %d frames is whole", async (depth) => {
    const program = `
def descend(left):
    if left == 0:
        wait()
    else:
        descend(left - 1)

sys.setrecursionlimit(max(1000, ${depth} + 100))
threading.stack_size(512 << 20)
thread = threading.Thread(target=descend, args=(${depth - 1},))
thread.start()
thread.join()
`;
    const { recording } = await sampleWaiting(python, program, { idle: true, rate: 20 }, (sofar) =>
      sofar.good.some(({ stack }) => stack.includes("descend")),
    );
    const stacks = recording.good.filter(({ stack }) => stack.includes("descend"));
    for (const { stack } of stacks) {
      expect(stack.filter((name) => name === "descend")).toHaveLength(depth);
      expect([stack.indexOf("descend"), stack.at(-1)]).toEqual([
        stack.lastIndexOf("descend") - depth + 1,
        "wait",
      ]);
    }
  });

  test("generators and coroutines are in the chain of calls", async () => {
    const program = `
def inner():
    wait()
    yield

def outer():
    yield from inner()

async def last():
    for _ in outer():
        pass

async def first():
    await last()

def main():
    first().send(None)

main()
`;
    const { recording } = await sampleWaiting(
      python,
      program,
      { idle: true },
      ({ good }) => good.length >= 20,
    );
    expect(goodStacks(recording)).toEqual(new Set(["<module>;main;first;last;outer;inner;wait"]));
  });

  test("C between Python functions leaves no trace in their stack", async () => {
    const program = `
class Value:
    def __init__(self, key):
        self.key = key

    def __lt__(self, other):
        wait()
        return self.key < other.key

def main():
    sorted([Value(1), Value(0)], key=lambda value: value)

main()
`;
    const { recording } = await sampleWaiting(
      python,
      program,
      { idle: true },
      ({ good }) => good.length >= 20,
    );
    expect(goodStacks(recording)).toEqual(new Set(["<module>;main;__lt__;wait"]));
  });
});

/** The innermost function of the program itself. */
function leafOf(stack: readonly string[]): string | undefined {
  return stack.findLast((name) => ["busy", "nap", "wait"].includes(name) && !isThreadingWait(stack, name));
}

/** `Event.wait` of the standard library has the name that the main thread waits in. */
function isThreadingWait(stack: readonly string[], name: string): boolean {
  return name === "wait" && stack.includes("nap");
}
