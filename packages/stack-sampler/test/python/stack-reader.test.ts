import { ABSENT } from "@pyspy/cpython-layouts";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { BatchBuilder } from "../../src/intern/batch-builder.js";
import { monotonicTime } from "../../src/monotonic-time.js";
import { StackReader, type StackReaderOptions } from "../../src/python/stack-reader.js";
import type { ThreadChoice } from "../../src/python/thread-choice.js";
import { SampleState } from "../../src/sample-batch.js";
import { FakeProcess } from "../fixtures/fake-process.js";
import { Recording } from "../fixtures/recording.js";
import { eras, layoutOf, SyntheticPython } from "../fixtures/synthetic-python.js";

const PID = 100;

afterEach(() => {
  vi.restoreAllMocks();
});

const DESCRIBED_THREAD = { process: 0, tid: 1, pythonId: 1, name: "another", interpreter: 0 };
/** Ids start over when so many have been described. */
const MANY_THREADS = 1 << 16;

interface Seen {
  readonly thread: number;
  readonly stack: string;
  readonly state: number;
}

/** One Python that is sampled as a whole. */
class Read {
  readonly python: SyntheticPython;
  readonly process: FakeProcess;
  readonly builder = new BatchBuilder();
  readonly reader: StackReader;
  readonly #names: string[] = [];
  readonly #frames: number[] = [];
  readonly #nodes: [parent: number, frame: number][] = [];

  constructor(
    layout = layoutOf(13),
    idle = false,
    choice: ThreadChoice = {},
    stop: StackReaderOptions["stop"] = undefined,
  ) {
    this.python = new SyntheticPython(layout);
    this.process = new FakeProcess({ memory: this.python.memory, pid: PID });
    const record = this.builder.addProcess({ pid: PID, startTime: 0, commandLine: [], parent: -1 });
    this.reader = new StackReader(this.process, this.python.runtime, this.builder, record, {
      idle,
      choice,
      rate: 100,
      stop,
    });
  }

  /** Takes a sample; what it found, and what it counted. */
  sample() {
    const readable = this.reader.sample(0, monotonicTime());
    const batch = this.builder.take();
    this.#names.push(...batch.functions.map(({ name }) => name));
    this.#frames.push(...batch.frames.function);
    for (const [index, parent] of batch.nodes.parent.entries()) {
      this.#nodes.push([parent, batch.nodes.frame[index] ?? -1]);
    }
    const { thread, node, state } = batch.samples;
    const seen = [...node].map(
      (leaf, index): Seen => ({
        thread: thread[index] ?? -1,
        stack: this.#stackOf(leaf),
        state: state[index] ?? 0,
      }),
    );
    const { attempted, good, torn, unreadable } = batch.counters;
    expect(attempted).toBe(good + torn + unreadable);
    expect(seen.length).toBe(good + torn);
    return { readable, seen, good, torn, unreadable };
  }

  /** How many reads a sample takes, but for names, which are looked at again from time to time. */
  fewestReads(): number {
    const { memory } = this.python;
    const reads = [0, 1, 2].map(() => {
      const before = memory.reads;
      this.sample();
      return memory.reads - before;
    });
    return Math.min(...reads);
  }

  #stackOf(leaf: number): string {
    const names: string[] = [];
    for (let node = leaf; node >= 0; ) {
      const [parent, frame] = this.#nodes[node] ?? [-1, -1];
      names.unshift(this.#names[this.#frames[frame] ?? -1] ?? "?");
      node = parent;
    }
    return names.join(";");
  }
}

describe.each(eras)("a sample of a Python with $era", ({ layout }) => {
  /** Two threads: the main one runs, the other one is at the second place. */
  function twoThreads(
    idle: boolean,
    choice: ThreadChoice = {},
    stop: StackReaderOptions["stop"] = undefined,
  ): Read & { hold(thread: number): void } {
    const read = new Read(layout, idle, choice, stop);
    const threads: number[] = [];
    const main = read.python.addInterpreter(0);
    for (const [index, names] of [
      ["main", "work"],
      ["begin", "wait"],
    ].entries()) {
      const pthread = read.python.allocate(4096);
      read.python.memory.writeInt32(pthread + 0x2d0, PID + index);
      const thread = read.python.addThread(main, { tid: PID + index, pythonId: pthread });
      thread.call(...names.map((name) => read.python.addCode({ name })));
      threads.push(thread.address);
    }
    const hold = (thread: number) => read.python.giveGil(main, threads[thread] ?? 0);
    hold(0);
    return Object.assign(read, { hold });
  }

  it("is the stacks of all threads, good at once, with who holds the GIL", () => {
    expect(twoThreads(false).sample()).toEqual({
      readable: true,
      seen: [
        { thread: 0, stack: "main;work", state: SampleState.active | SampleState.holdsGil },
        { thread: 1, stack: "begin;wait", state: SampleState.active },
      ],
      good: 2,
      torn: 0,
      unreadable: 0,
    });
  });

  it("leaves out threads that do not run, or says so", () => {
    const active = twoThreads(false);
    active.process.threadStates.set(PID + 1, "sleeping");
    expect(active.sample().seen.map(({ thread }) => thread)).toEqual([0]);
    const all = twoThreads(true);
    all.process.threadStates.set(PID + 1, "sleeping");
    expect(all.sample().seen.map(({ stack, state }) => [stack, state & SampleState.active])).toEqual([
      ["main;work", 1],
      ["begin;wait", 0],
    ]);
  });

  it("is of chosen threads only, and the others are not looked at", () => {
    const stacksOf = (read: Read) => read.sample().seen.map(({ stack }) => stack);
    const ofMain = twoThreads(false, { mainThread: true });
    expect(stacksOf(ofMain)).toEqual(["main;work"]);
    const ofHolder = twoThreads(false, { gilHolder: true });
    for (const thread of [1, 1, 0, 7]) {
      ofHolder.hold(thread);
      expect(stacksOf(ofHolder)).toEqual({ 0: ["main;work"], 1: ["begin;wait"] }[thread] ?? []);
    }
    // Who holds the GIL when threads stand still need not be who held it before.
    const stopped: (readonly number[])[] = [];
    let next = 0;
    const ofStoppedHolder = twoThreads(false, { gilHolder: true }, (tids, look) => {
      stopped.push(tids);
      ofStoppedHolder.hold(next);
      look();
    });
    for (next of [1, 0, 1, 7]) {
      expect(stacksOf(ofStoppedHolder)).toEqual({ 0: ["main;work"], 1: ["begin;wait"] }[next] ?? []);
    }
    expect(stopped).toEqual(new Array(4).fill([PID, PID + 1]));
    // A look is good for some time.
    vi.spyOn(globalThis.process, "hrtime").mockReturnValue([0, 1e6]);
    const looks = [{}, { mainThread: true }].map((choice) => {
      const read = twoThreads(false, choice);
      read.sample();
      return read.reader.lookCalls;
    });
    expect(looks[1]).toBe((looks[0] ?? 0) / 2);
  });

  it("takes one read for the stacks and their code objects, once everything is known", () => {
    // Names are looked up again when some time has passed.
    vi.spyOn(globalThis.process, "hrtime").mockReturnValue([0, 1e6]);
    const read = twoThreads(false);
    read.sample();
    read.sample();
    const before = read.python.memory.reads;
    read.sample();
    expect(read.python.memory.reads - before).toBe(1);
  });

  it.each([
    ["a generator", 0x20],
    ["a coroutine", 0x80],
    ["an asynchronous generator", 0x200],
  ])("does not believe a stack that begins in %s, unless that can be and stays so", (_, flags) => {
    const read = new Read(layout);
    const thread = read.python.addThread(read.python.addInterpreter(0), { tid: PID });
    thread.call(read.python.addCode({ name: "paused", flags }), read.python.addCode({ name: "inner" }));
    const { seen, torn } = read.sample();
    expect(seen.map(({ stack }) => stack)).toEqual(["paused;inner"]);
    expect(torn).toBe(layout.frame.firstForeignOwner === ABSENT ? 0 : 1);
  });

  it("believes a frame without a code object when that stays so", () => {
    const read = new Read(layout);
    const thread = read.python.addThread(read.python.addInterpreter(0), { tid: PID });
    thread.call(read.python.addCode({ name: "main" }), read.python.addText("no code"));
    expect(read.sample()).toMatchObject({ seen: [{ stack: "main;<unreadable>" }], good: 1, torn: 0 });
  });

  it("has other readings where a frame has no code object for a moment", () => {
    const read = new Read(layout);
    const thread = read.python.addThread(read.python.addInterpreter(0), { tid: PID });
    const leaf = read.python.addCode({ name: "leaf" });
    thread.call(read.python.addCode({ name: "main" }), leaf);
    read.sample();
    thread.setCode(1, read.python.addText("no code"));
    let readings = 0;
    read.python.memory.beforeRange = (range) => {
      if (range === 0 && ++readings === 2) thread.setCode(1, leaf);
    };
    expect(read.sample()).toMatchObject({ seen: [{ stack: "main;leaf" }], good: 1, torn: 0 });
  });

  it("is read again when a stack begins where none can, and believed when it does so again", () => {
    const read = new Read(layout);
    const thread = read.python.addThread(read.python.addInterpreter(0), { tid: PID });
    thread.call(...["main", "work", "leaf"].map((name) => read.python.addCode({ name })));
    read.sample();
    thread.setCaller(1, 0);
    let readings = 0;
    read.python.memory.beforeRange = (range) => {
      if (range === 0 && ++readings === 2) thread.setCaller(1, thread.frames[0] ?? 0);
    };
    const { base_frame } = layout.threadState;
    expect(read.sample()).toMatchObject({ seen: [{ stack: "main;work;leaf" }], good: 1, torn: 0 });
    read.python.memory.beforeRange = () => {};
    thread.setCaller(1, 0);
    expect(read.sample()).toMatchObject({
      seen: [{ stack: "work;leaf" }],
      torn: Number(base_frame !== ABSENT),
    });
  });

  it("takes one read also where a stack is deep and shallow in turns", () => {
    const read = new Read(layout);
    const thread = read.python.addThread(read.python.addInterpreter(0), { tid: PID });
    const [main = 0, deep = 0, leaf = 0] = ["main", "deep", "leaf"].map((name) =>
      read.python.addCode({ name }),
    );
    thread.call(main, leaf);
    for (let turn = 0; turn < 3; turn++) {
      thread.leave();
      thread.call(...Array<number>(150).fill(deep));
      for (let sample = 0; sample < 20; sample++) expect(read.sample().torn).toBe(0);
      for (let frame = 0; frame < 150; frame++) thread.leave();
      thread.call(leaf);
      for (let sample = 0; sample < 3; sample++)
        expect(read.sample()).toMatchObject({ seen: [{ stack: "main;leaf" }], torn: 0 });
      expect(read.fewestReads()).toBe(1);
    }
  });

  it("shows the outer frames of a deep stack as they are, also when they are again what they were", () => {
    const read = new Read(layout);
    const thread = read.python.addThread(read.python.addInterpreter(0), { tid: PID });
    const [deep = 0, other = 0] = ["deep", "other"].map((name) => read.python.addCode({ name }));
    thread.call(...Array<number>(150).fill(deep));
    const outer = (thread.frames[5] ?? 0) + layout.frame.executable;
    for (const code of [deep, other, deep, other, deep]) {
      read.python.memory.writeWord(outer, code);
      for (let sample = 0; sample < 4; sample++) {
        const [seen] = read.sample().seen;
        expect(seen?.stack.split(";")[5]).toBe(code === deep ? "deep" : "other");
      }
    }
    expect(read.fewestReads()).toBe(1);
  });

  it("follows a thread that comes into Python anew, elsewhere", () => {
    const read = new Read(layout);
    const thread = read.python.addThread(read.python.addInterpreter(0), { tid: PID });
    for (const name of ["one", "two", "three"]) {
      thread.enterFromC();
      thread.call(read.python.addCode({ name }), read.python.addCode({ name: "inner" }));
      for (let sample = 0; sample < 20; sample++)
        expect(read.sample()).toMatchObject({ seen: [{ stack: `${name};inner` }], torn: 0 });
      expect(read.fewestReads()).toBe(1);
      while (thread.frames.length > 0) thread.leave();
    }
  });

  it("is what it was also when ids have started over", () => {
    const read = new Read(layout, true);
    const thread = read.python.addThread(read.python.addInterpreter(0), { tid: PID });
    thread.call(read.python.addCode({ name: "main" }), read.python.addCode({ name: "leaf" }));
    const recording = new Recording();
    for (let sample = 0; sample < 6; sample++) {
      read.reader.sample(sample, monotonicTime());
      if (sample % 2 === 1)
        for (let count = 0; count <= MANY_THREADS; count++) read.builder.addThread(DESCRIBED_THREAD);
      recording.add(read.builder.take());
    }
    expect(recording.resets).toBe(2);
    expect(recording.samples.map(({ stack }) => stack.join(";"))).toEqual(Array(6).fill("main;leaf"));
    expect(recording.samples.every(({ thread: { name } }) => name !== DESCRIBED_THREAD.name)).toBe(true);
  });

  it("is over when the runtime is gone", () => {
    const read = twoThreads(false);
    read.sample();
    read.python.memory.unmapAll();
    expect(read.sample()).toEqual({ readable: false, seen: [], good: 0, torn: 0, unreadable: 0 });
  });
});

it("one thread that cannot be read does not lose the others", () => {
  const read = new Read();
  const main = read.python.addInterpreter(0);
  const threads = [1, 2, 3].map((number) => {
    const thread = read.python.addThread(main, { tid: PID + number });
    thread.call(read.python.addCode({ name: `f${number}` }));
    return thread;
  });
  read.sample();
  threads[1]?.setCaller(0, 0x10);
  const { seen, unreadable } = read.sample();
  expect([seen.map(({ stack }) => stack), unreadable]).toEqual([["f1", "f3"], 1]);
});

it("a stack that never holds still is kept, marked as torn", () => {
  const read = new Read();
  const thread = read.python.addThread(read.python.addInterpreter(0), { tid: PID });
  const codes = ["one", "two", "three"].map((name) => read.python.addCode({ name }));
  thread.call(read.python.addCode({ name: "main" }), codes[0] ?? 0);
  read.sample();
  let turn = 0;
  read.python.memory.beforeRange = () => thread.setCode(1, codes[turn++ % 3] ?? 0);
  const { seen, torn } = read.sample();
  expect(torn).toBe(1);
  expect(seen).toEqual([
    {
      thread: 0,
      stack: expect.stringMatching(/^main;(one|two|three)$/),
      state: SampleState.active | SampleState.torn,
    },
  ]);
});

it("a thread that runs no Python has no sample", () => {
  const read = new Read();
  read.python.addThread(read.python.addInterpreter(0), { tid: PID });
  expect(read.sample()).toEqual({ readable: true, seen: [], good: 0, torn: 0, unreadable: 0 });
});

it("threads of all interpreters are sampled, and new ones in the sample after they have come", () => {
  const read = new Read();
  const main = read.python.addInterpreter(0);
  read.python.addThread(main, { tid: PID }).call(read.python.addCode({ name: "main" }));
  expect(read.sample().seen.map(({ stack }) => stack)).toEqual(["main"]);
  const sub = read.python.addInterpreter(1);
  read.python.addThread(sub, { tid: 101 }).call(read.python.addCode({ name: "sub" }));
  expect(new Set(read.sample().seen.map(({ stack }) => stack))).toEqual(new Set(["main", "sub"]));
});

/** A target's memory may say anything, also while it is read: a sample ends, and what it counted is what it found. */
it.each(eras)("a sample of a Python with $era ends, whatever its memory says", ({ layout }) => {
  const word = layout.pointerSize;
  const change = fc.record({ object: fc.nat(), field: fc.nat(120), value: fc.nat() });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
      const read = new Read(layout, true);
      const interpreter = read.python.addInterpreter(0);
      const code = read.python.addCode({ name: "work" });
      const threads = [1, 2].map((tid) => read.python.addThread(interpreter, { tid, chunkSize: 128 * word }));
      for (const thread of threads) {
        thread.call(...new Array<number>(12).fill(code));
        thread.resume(code);
      }
      const objects = [interpreter, code, ...threads.flatMap(({ address, frames }) => [address, ...frames])];
      read.sample();
      for (const { object, field, value } of changes) {
        const address = (objects[object % objects.length] ?? 0) + field * word;
        // Most often it leads to something that is there.
        const target = value % 4 === 0 ? value : (objects[value % objects.length] ?? 0) + (value % 3) * word;
        try {
          read.python.memory.writeWord(address, target);
        } catch {
          // Nothing is mapped there.
        }
        read.sample();
      }
    }),
    { numRuns: 60 },
  );
});
