import type { StopOutcome, ThreadActivity, ThreadStopper } from "@pyspy/proc-memory";
import { expect, test } from "vitest";
import { readAtOneMoment } from "../../src/inspect/one-moment.js";
import { ThreadTrack } from "../../src/python/thread-track.js";

/** A thread that runs when it is told to, and of which that is seen as the kernel lets it be seen. */
class FakeThread implements ThreadActivity {
  readonly tid: number;
  state: ThreadActivity["state"];
  hasRun = true;
  readonly cpuTime = -1;
  readonly queueTime = -1;
  isStopped = false;
  readonly canBeStopped: boolean;
  /** How often it does not stop in time. */
  delays = 0;
  readonly track: ThreadTrack;
  /** How often it has run, which is what is read of it. */
  runs = 0;
  #seenRuns = -1;
  #rests = 0;

  constructor(tid: number, state: ThreadActivity["state"] = "sleeping", canBeStopped = true) {
    this.tid = tid;
    this.state = state;
    this.canBeStopped = canBeStopped;
    this.track = new ThreadTrack(0x1000 * tid, tid, 0, this);
  }

  run(): void {
    if (!this.isStopped) this.runs += 1;
  }

  glance(): void {
    const moved = this.runs !== this.#seenRuns;
    this.#seenRuns = this.runs;
    this.hasRun = moved || this.#rests < 2;
    this.#rests = this.state === "running" ? 0 : moved ? 1 : this.#rests + 1;
  }

  look(): void {
    this.glance();
  }

  futex(): undefined {
    return undefined;
  }

  close(): void {}

  [Symbol.dispose](): void {}
}

class FakeProgram implements ThreadStopper {
  readonly pid = 7;
  readonly late = 0;
  readonly threads: FakeThread[];
  /** What was asked, in order. */
  readonly calls: string[] = [];

  constructor(...threads: FakeThread[]) {
    this.threads = threads;
  }

  /** What a reading brings; `meanwhile` happens in the midst of the next ones. */
  read(meanwhile: readonly (() => void)[]): { moment: ReturnType<typeof readAtOneMoment>; seen: number[] } {
    let seen: number[] = [];
    const events = [...meanwhile];
    const reader = {
      watch: () => true,
      *threads() {
        for (const { track, tid } of [...this.all()]) yield { record: tid, track };
      },
      all: () => this.threads,
    };
    const moment = readAtOneMoment(
      (tid) => {
        this.calls.push(`open ${tid}`);
        return this;
      },
      [reader],
      () => {
        this.calls.push("read");
        const before = this.threads[0]?.runs ?? 0;
        events.shift()?.();
        seen = this.threads.map(({ runs }, index) => (index === 0 ? before : runs));
      },
    );
    return { moment, seen };
  }

  stop(): StopOutcome {
    throw new Error("nothing else was stopped");
  }

  stopMore(tids: readonly number[]): StopOutcome {
    this.calls.push(`stop ${tids.join(" ")}`);
    for (const thread of this.threads) {
      if (tids.includes(thread.tid)) thread.isStopped = thread.canBeStopped && --thread.delays < 0;
    }
    const tidsOf = (isMeant: (thread: FakeThread) => boolean): number[] =>
      this.threads.filter((thread) => tids.includes(thread.tid) && isMeant(thread)).map(({ tid }) => tid);
    return {
      stopped: this.threads.filter(({ isStopped }) => isStopped).map(({ tid }) => tid),
      gone: [],
      refused: tidsOf(({ canBeStopped }) => !canBeStopped),
      late: tidsOf(({ canBeStopped, isStopped }) => canBeStopped && !isStopped),
    };
  }

  resume(): number {
    this.calls.push("resume");
    for (const thread of this.threads) thread.isStopped = false;
    return 5;
  }

  close(): void {
    this.calls.push("close");
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

test("threads that sleep all the time are left alone: nothing is opened to be stopped", () => {
  const program = new FakeProgram(new FakeThread(1), new FakeThread(2));
  expect(program.read([]).moment).toEqual({ duration: 0, unstopped: 0 });
  expect(program.calls).toEqual(["read"]);
});

test("who runs is stopped, and who wakes while the others are read, and then all is read again", () => {
  const [busy, sleeper, waker] = [new FakeThread(1, "running"), new FakeThread(2), new FakeThread(3)];
  const program = new FakeProgram(busy, sleeper, waker);
  const { moment, seen } = program.read([
    () => {
      busy.run();
      waker.run();
    },
    () => waker.run(),
  ]);
  expect(program.calls).toEqual(["open 1", "stop 1", "read", "stop 3", "read", "resume", "close"]);
  expect(seen).toEqual([0, 0, 1]);
  expect(moment).toEqual({ duration: 5, unstopped: 0 });
  expect([busy, sleeper, waker].map(({ track }) => [track.isActive, track.hasRun])).toEqual([
    [true, true],
    [false, true],
    [false, true],
  ]);
});

test("a thread that is new in a reading is stopped, too", () => {
  const program = new FakeProgram(new FakeThread(1));
  const other = new FakeThread(2, "running");
  program.read([() => program.threads.push(other)]);
  expect(program.calls).toEqual(["read", "open 2", "stop 2", "read", "resume", "close"]);
});

test("where one after the other wakes without end, all are stopped", () => {
  const threads = Array.from({ length: 20 }, (_, index) => new FakeThread(index + 1));
  const program = new FakeProgram(...threads);
  program.read(threads.map((thread) => () => thread.run()));
  expect(program.calls.filter((call) => call === "read")).toHaveLength(5);
  expect(program.calls.at(-4)).toBe(
    `stop ${threads
      .slice(3)
      .map(({ tid }) => tid)
      .join(" ")}`,
  );
});

test("who cannot be stopped is counted, and not waited for", () => {
  const stubborn = new FakeThread(2, "running", false);
  const program = new FakeProgram(new FakeThread(1, "running"), stubborn);
  expect(program.read([() => stubborn.run()]).moment).toEqual({ duration: 5, unstopped: 1 });
  expect(program.calls).toEqual(["open 1", "stop 1 2", "read", "resume", "close"]);
});

test("who is late is asked again, for a while", () => {
  const [late, never] = [new FakeThread(1, "running"), new FakeThread(2, "running")];
  late.delays = 2;
  never.delays = 1000;
  const program = new FakeProgram(late, never);
  expect(program.read([]).moment).toEqual({ duration: 5, unstopped: 1 });
  expect(program.calls.slice(0, 5)).toEqual(["open 1", "stop 1 2", "stop 1 2", "stop 1 2", "stop 2"]);
  expect(program.calls.slice(-4)).toEqual(["stop 2", "read", "resume", "close"]);
});

test("who waits for a processor is waited for longer than who sleeps uninterruptibly", () => {
  const outcomeOf = (state: ThreadActivity["state"]): number => {
    const late = new FakeThread(1, state);
    late.delays = 100;
    return new FakeProgram(late).read([() => late.run()]).moment.unstopped;
  };
  expect(["running" as const, "disk-wait" as const].map(outcomeOf)).toEqual([0, 1]);
});

test("after somebody was waited for in vain, nobody is waited for so long", () => {
  const [never, late] = [new FakeThread(1, "disk-wait"), new FakeThread(2)];
  never.delays = 1000;
  late.delays = 1000;
  const program = new FakeProgram(never, late);
  const wake = () => {
    late.state = "running";
    late.run();
  };
  expect(program.read([() => never.run(), wake]).moment).toEqual({ duration: 5, unstopped: 2 });
  const callsFor = (tid: number) => program.calls.filter((call) => call === `stop ${tid}`).length;
  expect([callsFor(1), callsFor(2)]).toEqual([20, 20]);
});

test("whatever happens in a reading, all go on", () => {
  const program = new FakeProgram(new FakeThread(1, "running"));
  const fail = () => {
    throw new Error("unreadable");
  };
  expect(() => program.read([fail])).toThrow("unreadable");
  expect(program.calls).toEqual(["open 1", "stop 1", "read", "resume", "close"]);
});

test("threads that begin again and again do not keep the others stopped", () => {
  const program = new FakeProgram(new FakeThread(1, "running"));
  const begin = () => void program.threads.push(new FakeThread(program.threads.length + 1, "running"));
  program.read(Array.from({ length: 100 }, () => begin));
  expect(program.calls.filter((call) => call === "read")).toHaveLength(8);
  expect(program.calls.slice(-2)).toEqual(["resume", "close"]);
});
