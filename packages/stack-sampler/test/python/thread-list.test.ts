import { ScatterRead } from "@pyspy/proc-memory";
import { describe, expect, it } from "vitest";
import { ThreadList } from "../../src/python/thread-list.js";
import type { ThreadTrack } from "../../src/python/thread-track.js";
import { FakeProcess } from "../fixtures/fake-process.js";
import { eras, layoutOf, SyntheticPython } from "../fixtures/synthetic-python.js";

const PID = 100;

/** The list of one Python, looked at as in a sample. */
class Watched {
  readonly python: SyntheticPython;
  readonly list: ThreadList;
  readonly plan = new ScatterRead(8, 256);

  readonly process: FakeProcess;
  /** The time, in milliseconds. */
  now = 0;

  constructor(layout = layoutOf(13)) {
    this.python = new SyntheticPython(layout);
    this.process = new FakeProcess({ memory: this.python.memory, pid: PID });
    this.list = new ThreadList(this.process, this.python.runtime, undefined, () => this.now);
  }

  look(): "same" | "changed" | "unreadable" {
    this.plan.clear();
    this.list.plan(this.plan);
    this.python.memory.readScatter(this.plan);
    return this.list.check(this.plan);
  }

  get tracks(): readonly ThreadTrack[] {
    return this.list.interpreters.flatMap(({ threads }) => threads);
  }

  /** Thread states by interpreter id, oldest first. */
  get threads(): Record<number, number[]> {
    return Object.fromEntries(
      this.list.interpreters.map(({ id, threads }) => [id, threads.map(({ threadState }) => threadState)]),
    );
  }
}

describe.each(eras)("the threads of a Python with $era", ({ layout }) => {
  it("are listed by interpreter, the oldest first", () => {
    const watched = new Watched(layout);
    const main = watched.python.addInterpreter(0);
    const first = watched.python.addThread(main, { tid: PID });
    const second = watched.python.addThread(main, { tid: 101 });
    const sub = watched.python.addInterpreter(1);
    const third = watched.python.addThread(sub, { tid: PID });
    expect([watched.look(), watched.list.refresh(), watched.look()]).toEqual(["changed", true, "same"]);
    expect(watched.threads).toEqual({ 0: [first.address, second.address], 1: [third.address] });
  });

  it("have changed when there is a new one, or a new interpreter", () => {
    const watched = new Watched(layout);
    const main = watched.python.addInterpreter(0);
    const first = watched.python.addThread(main, { tid: PID });
    watched.list.refresh();
    const second = watched.python.addThread(main, { tid: 101 });
    expect(watched.look()).toBe("changed");
    watched.list.refresh();
    const known = watched.list.interpreters[0]?.threads[0];
    watched.python.addInterpreter(1);
    expect(watched.look()).toBe("changed");
    watched.list.refresh();
    expect(watched.look()).toBe("same");
    expect(watched.threads).toEqual({ 0: [first.address, second.address], 1: [] });
    expect(watched.list.interpreters[1]?.threads[0]).toBe(known);
  });

  it("have changed when one of them is under suspicion", () => {
    const watched = new Watched(layout);
    watched.python.addThread(watched.python.addInterpreter(0), { tid: PID });
    watched.list.refresh();
    watched.list.suspect();
    expect([watched.look(), watched.list.refresh(), watched.look()]).toEqual(["changed", true, "same"]);
  });

  it("have one that holds the GIL, or none", () => {
    const watched = new Watched(layout);
    const main = watched.python.addInterpreter(0);
    const first = watched.python.addThread(main, { tid: PID });
    const second = watched.python.addThread(main, { tid: 101 });
    watched.list.refresh();
    const holders = [first.address, second.address, 0].map((holder) => {
      watched.python.giveGil(main, holder);
      watched.look();
      return watched.list.interpreters[0]?.holder;
    });
    expect(holders).toEqual([first.address, second.address, 0]);
  });

  it("end where their list is torn, and where it is a circle", () => {
    const watched = new Watched(layout);
    const main = watched.python.addInterpreter(0);
    const stray = watched.python.addInterpreter(1);
    const first = watched.python.addThread(main, { tid: PID });
    const second = watched.python.addThread(main, { tid: 101 });
    const { memory } = watched.python;
    // The older one has become a thread of another interpreter.
    memory.writeWord(first.address + layout.threadState.interp, stray);
    watched.list.refresh();
    expect(watched.threads[0]).toEqual([second.address]);
    // It is nowhere.
    memory.writeWord(second.address + layout.threadState.next, 0x10);
    expect(watched.list.refresh()).toBe(true);
    expect(watched.threads[0]).toEqual([second.address]);
    memory.writeWord(second.address + layout.threadState.next, second.address);
    expect(watched.list.refresh()).toBe(true);
    expect(watched.threads[0]).toEqual([second.address]);
  });

  it("are none when the interpreters form a circle, are torn, or are gone", () => {
    const watched = new Watched(layout);
    const main = watched.python.addInterpreter(0);
    const { memory, address } = watched.python;
    memory.writeWord(main + layout.interpreter.next, main);
    expect(watched.list.refresh()).toBe(true);
    expect(watched.list.interpreters.map(({ address }) => address)).toEqual([main]);
    memory.writeWord(main + layout.interpreter.next, 0x10);
    expect(watched.list.refresh()).toBe(true);
    expect(watched.list.interpreters.map((interpreter) => interpreter.address)).toEqual([main]);
    memory.unmap(address, layout.runtime.size);
    expect([watched.look(), watched.list.refresh()]).toEqual(["unreadable", false]);
  });
});

it("a new thread at the address of one that has ended is another thread", () => {
  const watched = new Watched();
  const main = watched.python.addInterpreter(0);
  const thread = watched.python.addThread(main, { tid: 101, pythonId: 7 });
  watched.list.refresh();
  const [before] = watched.tracks;
  thread.setTid(102);
  watched.list.refresh();
  const [after] = watched.tracks;
  expect([before?.tid, after?.tid]).toEqual([101, 102]);
});

it("a thread that has no kernel id yet gets it as soon as Python says it", () => {
  const watched = new Watched();
  const main = watched.python.addInterpreter(0);
  const thread = watched.python.addThread(main, { tid: 0 });
  watched.list.refresh();
  expect(watched.look()).toBe("same");
  thread.setTid(101);
  expect([watched.look(), watched.list.refresh(), watched.look()]).toEqual(["changed", true, "same"]);
  expect(watched.list.interpreters[0]?.threads[0]?.tid).toBe(101);
});

describe.each([
  { era: "3.11", layout: layoutOf(11) },
  { era: "3.11, 32 bits", layout: layoutOf(11, "ia32") },
])("a thread that has the kernel's id of its starter ($era)", ({ layout }) => {
  it("gets its own as soon as Python says it", () => {
    const watched = new Watched(layout);
    const main = watched.python.addInterpreter(0);
    watched.python.addThread(main, { tid: PID });
    const thread = watched.python.addThread(main, { tid: PID });
    watched.list.refresh();
    expect(watched.look()).toBe("same");
    thread.setTid(101);
    expect([watched.look(), watched.list.refresh(), watched.look()]).toEqual(["changed", true, "same"]);
    expect(watched.tracks.map(({ tid }) => tid)).toEqual([PID, 101]);
  });
});

describe.each([
  { era: "3.9", layout: layoutOf(9) },
  { era: "3.8, 32 bits", layout: layoutOf(8, "ia32") },
])("a thread that has Python's id of its starter ($era)", ({ layout }) => {
  /** Of a thread of the main interpreter, which the other one is started by. */
  const interpreters: readonly (readonly [string, number])[] = [
    ["in the same interpreter", 0],
    ["in a sub-interpreter", 1],
  ];
  it.each(interpreters)("gets its own as soon as Python says it, %s", (_, id) => {
    const watched = new Watched(layout);
    const [starter, started] = [PID, 101].map((tid) => {
      const pthread = watched.python.allocate(4096);
      watched.python.memory.writeInt32(pthread + 0x2d0, tid);
      return pthread;
    }) as [number, number];
    const main = watched.python.addInterpreter(0);
    watched.python.addThread(main, { pythonId: starter });
    const thread = watched.python.addThread(id === 0 ? main : watched.python.addInterpreter(id), {
      pythonId: starter,
    });
    watched.list.refresh();
    expect(watched.look()).toBe("same");
    thread.setPythonId(started);
    expect([watched.look(), watched.list.refresh(), watched.look()]).toEqual(["changed", true, "same"]);
    expect(watched.tracks.map(({ tid }) => tid).sort()).toEqual([PID, 101]);
  });
});

it("a thread whose id is not known here yet is asked for again", () => {
  const watched = new Watched();
  watched.python.addThread(watched.python.addInterpreter(0), { tid: 7 });
  watched.process.hostIds.set(7, undefined);
  watched.list.refresh();
  expect(watched.tracks.map(({ tid }) => tid)).toEqual([0]);
  watched.process.hostIds.set(7, PID);
  watched.now += 3;
  expect(watched.look()).toBe("changed");
  watched.list.refresh();
  expect(watched.tracks.map(({ tid }) => tid)).toEqual([PID]);
});

it("a thread of a process just forked off gets its own kernel id as soon as Python says it", () => {
  const watched = new Watched();
  const thread = watched.python.addThread(watched.python.addInterpreter(0), { tid: 99 });
  watched.process.threadStates.set(99, "exited");
  watched.list.refresh();
  for (const { activity } of watched.tracks) activity?.look();
  watched.list.refresh();
  thread.setTid(PID);
  expect(watched.look()).toBe("same");
  watched.now += 3;
  expect(watched.look()).toBe("changed");
  watched.list.refresh();
  expect(watched.tracks.map(({ tid }) => tid)).toEqual([PID]);
  watched.now += 20_000;
  expect(watched.look()).toBe("same");
});

it("up to 3.10 a process just forked off gets its kernel id as soon as the C library says it", () => {
  const watched = new Watched(layoutOf(9));
  const pthread = watched.python.allocate(4096);
  watched.python.addThread(watched.python.addInterpreter(0), { pythonId: pthread });
  watched.list.refresh();
  expect(watched.tracks.map(({ tid }) => tid)).toEqual([0]);
  watched.python.memory.writeInt32(pthread + 0x2d0, PID);
  expect(watched.look()).toBe("same");
  watched.now += 3;
  expect(watched.look()).toBe("changed");
  watched.list.refresh();
  expect(watched.tracks.map(({ tid }) => tid)).toEqual([PID]);
  watched.now += 20_000;
  expect(watched.look()).toBe("same");
});

it("up to 3.10 the kernel's ids come from the C library's own record of a thread", () => {
  const watched = new Watched(layoutOf(9));
  const main = watched.python.addInterpreter(0);
  for (const tid of [PID, 101, 102]) {
    const pthread = watched.python.allocate(4096);
    watched.python.memory.writeInt32(pthread + 0x2d0, tid);
    watched.python.addThread(main, { pythonId: pthread });
  }
  const pthread = watched.python.allocate(4096);
  watched.python.memory.writeInt32(pthread + 0x2d0, 103);
  watched.python.addThread(watched.python.addInterpreter(1), { pythonId: pthread });
  watched.list.refresh();
  expect(watched.tracks.map(({ tid }) => tid).sort()).toEqual([PID, 101, 102, 103]);
});
