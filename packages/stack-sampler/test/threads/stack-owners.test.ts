import { layoutFor } from "@pyspy/cpython-layouts";
import type { MemoryMap } from "@pyspy/proc-memory";
import { expect, test } from "vitest";
import { StackOwners } from "../../src/threads/stack-owners.js";
import { ByteMemory } from "../fixtures/byte-memory.js";

const STATES = 0x5000_0000;
const MAIN = { address: STATES, pythonId: 0x7f00_9000_0740, tid: 7 };
/** Their stacks are in one mapping, as those are that have no guard pages in between. */
const FIRST = { address: STATES + 0x1000, pythonId: 0x7f00_1000_0700, tid: 8 };
const SECOND = { address: STATES + 0x2000, pythonId: 0x7f00_1010_0700, tid: 9 };
/** Thread states of sub-interpreters, which the first thread has created. */
const created = [3, 4, 5].map((place) => ({ ...FIRST, address: STATES + place * 0x1000 }));

const layout = layoutFor({ major: 3, minor: 12, micro: 1, release: "" });

function ownersOf(
  places: readonly number[],
  all: Parameters<StackOwners["owned"]>[1] = [...created, SECOND, FIRST, MAIN],
): unknown {
  const memory = new ByteMemory();
  memory.map(STATES, 0x6000);
  for (const [index, place] of places.entries()) {
    const at = (created[index]?.address ?? 0) + layout.threadState.on_c_stack;
    memory.writeInt32(at, place % 2 ** 32);
    memory.writeInt32(at + 4, Math.floor(place / 2 ** 32));
  }
  const map = (start: number, end: number, path: string) => ({ start, end, path }) as MemoryMap;
  const maps = [
    map(STATES, STATES + 0x6000, "[heap]"),
    map(0x7f00_1000_0000 - 0x10_0000, 0x7f00_1010_1000, ""),
    map(0x7fff_0000_0000, 0x7fff_1000_0000, "[stack]"),
  ];
  const owners = new StackOwners({ memory, maps: () => maps, pid: 70, namespacePids: [70, 7] }, layout);
  return owners.owned(created, all).map(({ pythonId, tid }) => [pythonId, tid]);
}

test("a thread state is the thread's on whose stack it is run", () => {
  expect(ownersOf([0x7f00_1000_0800, 0x7f00_1000_0600, 0x7fff_0800_0000])).toEqual(
    [SECOND, FIRST, MAIN].map(({ pythonId, tid }) => [pythonId, tid]),
  );
});

test("where Python tells no kernel ids, the oldest thread is the main one", () => {
  const all = [...created, SECOND, FIRST, MAIN].map((claim) => ({ ...claim, tid: undefined }));
  expect(ownersOf([0x7fff_0800_0000], all)).toMatchObject([[MAIN.pythonId, undefined], {}, {}]);
});

test("one that is not run, or not on a stack that is known, is whose it says", () => {
  const [first] = created;
  // A thread's stack can be beside the heap.
  const beside = { address: STATES + 0x2800, pythonId: STATES + 0x5800, tid: 10 };
  const all = [...created, beside, MAIN];
  expect(ownersOf([(first?.address ?? 0) + 200, 0x7f00_1010_0f00, 0x1234], all)).toEqual(
    created.map(({ pythonId, tid }) => [pythonId, tid]),
  );
});
