import type { ThreadActivity } from "@pyspy/proc-memory";
import { describe, expect, it } from "vitest";
import type { GilLock } from "../../src/python/python-runtime.js";
import { GilWait, requestsGil } from "../../src/threads/gil-wait.js";
import { FakeProcess } from "../fixtures/fake-process.js";
import { layoutOf, SyntheticPython } from "../fixtures/synthetic-python.js";

const GIL = 0x7f00_0000_1000;

function waitingOn(futex: number | undefined): ThreadActivity {
  const thread = new FakeProcess({ memory: new SyntheticPython(layoutOf(13)).memory }).thread(100);
  return Object.assign(thread, { futex: () => futex });
}

describe("a thread waits for the GIL", () => {
  it.each([
    [GIL + 72, true],
    [GIL + 207, true],
    [GIL + 208, false],
    [GIL - 4, false],
    [0, false],
    [undefined, undefined],
  ])("of its interpreter if the futex %s is in it: %s", (futex, isWaiting) => {
    const { memory, runtime } = new SyntheticPython(layoutOf(13));
    expect(new GilWait(memory, runtime).isWaiting(waitingOn(futex), GIL)).toBe(isWaiting);
  });

  it("of the runtime, which may be behind a pointer", () => {
    const { memory, runtime } = new SyntheticPython(layoutOf(8));
    memory.map(GIL, 8);
    const locks: readonly GilLock[] = [{ address: GIL, size: 32, isPointer: true }];
    const wait = new GilWait(memory, { ...runtime, gilLocks: locks });
    expect(wait.isWaiting(waitingOn(0x1234), 0)).toBe(false);
    memory.writeWord(GIL, 0x1230);
    expect([0x1234, 0x1250].map((futex) => wait.isWaiting(waitingOn(futex), 0))).toEqual([true, false]);
  });

  it("is not known where nothing is known of the GIL", () => {
    const { memory, runtime } = new SyntheticPython(layoutOf(8));
    expect(new GilWait(memory, runtime).isWaiting(waitingOn(GIL), 0)).toBeUndefined();
  });

  it("is said by thread states of 3.15, and only those", () => {
    const words = new DataView(new ArrayBuffer(512));
    const layout = layoutOf(15);
    expect([requestsGil(layoutOf(14), words, 64), requestsGil(layout, words, 64)]).toEqual([
      undefined,
      false,
    ]);
    words.setInt32(64 + layout.threadState.gil_requested, 1, true);
    expect(requestsGil(layout, words, 64)).toBe(true);
  });
});
