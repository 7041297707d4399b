import type { SampleCounters } from "@pyspy/stack-sampler";
import { describe, expect, test } from "vitest";
import {
  costMessage,
  emptyMessage,
  limitMessages,
  othersMessages,
  startMessage,
  subjectOf,
  wroteMessage,
} from "../src/messages.js";

const python = { version: "3.11.7", executable: "/usr/bin/python3.11", freeThreaded: false };
const target = { kind: "processes", pids: [1234], match: undefined } as const;

function counters(changes: Partial<SampleCounters>): SampleCounters {
  return { scheduled: 0, taken: 0, missed: 0, attempted: 0, good: 0, torn: 0, unreadable: 0, ...changes };
}

describe("the first line", () => {
  test("says what is sampled, how often, and how to stop", () => {
    expect(startMessage({ target, python, rate: 100, duration: undefined, delay: 0 })).toBe(
      "Sampling 100 times a second until it ends (Ctrl-C to stop): process 1234 (Python 3.11.7)",
    );
  });

  test("says how long, and speaks of one sample a second as people do", () => {
    const program = { kind: "program", words: ["python3", "my app.py"] } as const;
    expect(startMessage({ target: program, python: undefined, rate: 1, duration: 2.5, delay: 0 })).toBe(
      "Sampling once a second for 2.5 s (Ctrl-C to stop): python3 'my app.py'",
    );
  });

  test("says how long it waits before, and of how many", () => {
    const several = { kind: "processes", pids: [1, 2], match: undefined } as const;
    expect(startMessage({ target: several, python: undefined, rate: 7, duration: 3, delay: 2 })).toBe(
      "Sampling 7 times a second after 2 s for 3 s (Ctrl-C to stop): 2 processes",
    );
  });

  test("shortens a long command line", () => {
    expect(subjectOf({ kind: "program", words: ["python3", "x".repeat(300)] })).toBe(
      `python3 ${"x".repeat(191)}…`,
    );
  });
});

describe("the last line", () => {
  test("says file, samples, achieved rate and errors", () => {
    const summary = {
      samples: 512,
      seconds: 5.13,
      paused: 0,
      counters: counters({ scheduled: 513, taken: 512, missed: 1, attempted: 512, good: 512 }),
    };
    expect(wroteMessage("profile.svg", summary)).toBe(
      "Wrote profile.svg: 512 samples in 5.1 s at 99.8/s, 0 errors",
    );
  });

  test("mentions what was torn and what was missed where it matters", () => {
    const summary = {
      samples: 1,
      seconds: 10,
      paused: 0,
      counters: counters({
        scheduled: 100,
        taken: 90,
        missed: 10,
        attempted: 4,
        good: 0,
        torn: 3,
        unreadable: 1,
      }),
    };
    expect(wroteMessage("a.txt", summary)).toBe(
      "Wrote a.txt: 1 sample in 10.0 s at 9.0/s, 1 error, 3 torn, 10 missed (10.0 %)",
    );
  });

  test("does not take a pause for a low rate", () => {
    const summary = { samples: 9, seconds: 5, paused: 2, counters: counters({ scheduled: 300, taken: 300 }) };
    expect(wroteMessage("a.txt", summary)).toBe(
      "Wrote a.txt: 9 samples in 5.0 s with 2.0 s of pause at 100.0/s, 0 errors",
    );
  });

  test("has a rate for no time at all", () => {
    expect(wroteMessage("a.txt", { samples: 0, seconds: 0, paused: 0, counters: counters({}) })).toBe(
      "Wrote a.txt: 0 samples in 0.0 s at 0.0/s, 0 errors",
    );
  });
});

describe("of processes without samples", () => {
  test.each([
    [1, "1 process ended before a Python was found in it"],
    [12, "12 processes ended before a Python was found in them"],
  ])("those that ended too soon to tell have no name: %i", (count, message) => {
    const ended = { name: undefined, count, reason: undefined };
    expect(othersMessages({ others: [ended] })).toEqual([message]);
    expect(othersMessages({ others: [ended, { name: "sleep", count: 1, reason: undefined }] })).toEqual([
      "1 process without Python: sleep",
      message,
    ]);
  });
});

describe("an empty profile", () => {
  const all = { delay: 0, gil: false, mainThread: false, include: undefined, exclude: undefined };
  const end = { seconds: 5, python, pythons: 1 };
  test.each([
    [{ missed: 9 }, "Nothing to show: it was over before a first sample could be taken"],
    [
      { taken: 497 },
      "Nothing to show: every thread was idle in all 497 samples; use --idle to include threads that wait",
    ],
    [
      { taken: 1, attempted: 2, good: 1, unreadable: 1 },
      "Nothing to show: every thread was idle in the only sample; use --idle to include threads that wait",
    ],
    [{ taken: 7, attempted: 7, unreadable: 7 }, "Nothing to show: none of 7 stacks could be read"],
    [{ taken: 7, attempted: 7, torn: 7 }, "Nothing to show: 7 stacks changed while read; use --blocking"],
  ])("with %o explains itself", (changes, message) => {
    expect(emptyMessage(counters(changes), { ...end, seconds: 5 }, all)).toBe(message);
  });

  test("says that the delay was too long", () => {
    expect(emptyMessage(counters({ taken: 1 }), { ...end, seconds: 0 }, { ...all, delay: 10 })).toBe(
      "Nothing to show: it was over before the delay of 10 s was",
    );
  });

  test("names the options that have left out everything", () => {
    const filters = { delay: 0, gil: true, mainThread: true, include: [/a/], exclude: [/b/] };
    expect(emptyMessage(counters({ taken: 7, attempted: 9, good: 8, torn: 1 }), end, filters)).toBe(
      "Nothing to show: none of 8 samples is left by --gil, --main-thread, --include, --exclude",
    );
    expect(emptyMessage(counters({ taken: 7 }), end, filters)).toBe(
      "Nothing to show: every thread that --gil, --main-thread, --exclude leaves was idle in all 7 samples; use --idle to include threads that wait",
    );
  });

  test("says that there is no GIL that a thread could hold", () => {
    const freeThreaded = { ...end, python: { ...python, freeThreaded: true } };
    expect(emptyMessage(counters({ taken: 7 }), freeThreaded, { ...all, gil: true })).toBe(
      "Nothing to show: no thread held the GIL, which this free-threaded Python 3.11.7 does not have unless it is turned on; leave out --gil",
    );
    expect(emptyMessage(counters({ taken: 7 }), freeThreaded, all)).toMatch(/every thread was idle/);
    // Others among them may have one.
    expect(
      emptyMessage(counters({ taken: 7 }), { ...freeThreaded, pythons: 2 }, { ...all, gil: true }),
    ).toMatch(/every thread that --gil leaves was idle/);
  });
});

describe("what sampling took", () => {
  const statistics = {
    samples: 500,
    rate: 100,
    duration: { p50: 45_000, p99: 1_250_000, max: 2_000_000 },
    systemCalls: 3.14,
    bytes: 5600,
    turns: 1,
    stops: undefined,
    isStopBudgetExceeded: false,
    unstopped: { refused: 0, late: 0 },
  };

  test("is told a sample", () => {
    expect(costMessage(statistics, 5)).toBe(
      "A sample took 45 µs (99 %: 1.3 ms), 3.1 system calls and 5.6 KB",
    );
    expect(limitMessages(statistics, 5)).toEqual([]);
  });

  test("is told of the time that the program stood still, and what was done less often for it", () => {
    const stops = { count: 500, total: 40e6, longest: 300_000, p50: 70_000, p99: 120_000 };
    const stopped = { ...statistics, stops, isStopBudgetExceeded: true, turns: 3 };
    expect(costMessage(stopped, 5)).toMatch(
      /; the program stood still for 0\.80 % of the time \(99 %: 120 µs\)$/,
    );
    expect(limitMessages(stopped, 5)).toEqual([
      "The rate was lowered so that the program stood still for no more than 1 % of the time",
      "There were so many threads that those that wait were looked at once in 3 samples",
    ]);
    expect(limitMessages({ ...statistics, unstopped: { refused: 40, late: 2 } }, 5)).toEqual([
      "In 42 cases a thread ran on while it was read: in 40 it may not be stopped, as when another program traces it, in 2 it did not stop in time",
    ]);
    expect(limitMessages({ ...statistics, unstopped: { refused: 0, late: 1 } }, 5)).toEqual([
      "In 1 case a thread ran on while it was read: it did not stop in time",
    ]);
    expect(limitMessages({ ...stopped, turns: 1 }, 3)).toEqual([
      "The rate was lowered because the program stood still for more than 1 % of the time",
    ]);
  });
});
