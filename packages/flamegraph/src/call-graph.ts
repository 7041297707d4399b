import { PairTable } from "./pair-table.js";
import type { Profile } from "./profile.js";
import type { SampleChoice } from "./sample-totals.js";
import type { ShownStacks } from "./shown-stacks.js";
import { shownTotals } from "./shown-totals.js";

/** Samples, and the nanoseconds that they stand for, by number of what they are of. */
export interface Costs {
  readonly samples: Float64Array;
  readonly time: Float64Array;
}

/**
 * Who called whom, without the stacks: what formats for tables of functions and for call graphs hold.
 *
 * Recursion is where such sums go wrong: a function that is in a stack three times is in one sample. Hence each
 * sample counts once for a function, however often it is in the stack.
 */
export interface CallGraph {
  readonly all: { readonly samples: number; readonly time: number };
  /** What a function ran itself, by function. */
  readonly self: Costs;
  /** What it and all it called ran, by function. */
  readonly total: Costs;
  /** What was run on a line itself, by frame. */
  readonly selfOfFrame: Costs;
  readonly calls: Calls;
  readonly callers: Callers;
}

/** Calls from a place to a function. */
export interface Calls {
  /** Pairs of (frame of the caller, function called). */
  readonly pairs: PairTable;
  /** Samples that show the call, each once. */
  readonly seen: Float64Array;
  /**
   * What the function called and all it called ran. Only its outermost call in a stack is charged: then what is charged to
   * the calls of a function, and to it as an outermost frame, is its {@link CallGraph.total}.
   */
  readonly cost: Costs;
}

/** Calls from a function to a function. */
export interface Callers {
  /** Pairs of (function called, function that called it); the caller is -1 for the outermost frames. */
  readonly pairs: PairTable;
  readonly seen: Float64Array;
  /** What the function called ran itself. */
  readonly self: Costs;
  /** What it and all it called ran; only its outermost call in a stack is charged. */
  readonly total: Costs;
}

export function callGraph(profile: Profile, shown: ShownStacks, choice: SampleChoice): CallGraph {
  const { totals } = shownTotals(profile, shown, false, choice);
  const stackCount = shown.stacks.size;
  const own = costs(stackCount);
  for (const { stack, samples, time } of totals) add(own, stack, samples, time);
  const below: Costs = { samples: own.samples.slice(), time: own.time.slice() };
  let all = { samples: 0, time: 0 };
  for (let stack = stackCount - 1; stack >= 0; stack--) {
    const { samples, time } = at(below, stack);
    const caller = shown.stacks.first(stack);
    if (caller !== -1) add(below, caller, samples, time);
    else all = { samples: all.samples + samples, time: all.time + time };
  }

  // First the numbers of the pairs, so that their columns can be as long as there are pairs.
  const callPairs = new PairTable();
  const callerPairs = new PairTable();
  const functionOf = (stack: number) => shown.functionOfFrame(shown.stacks.second(stack));
  const callOf = new Int32Array(stackCount).fill(-1);
  const callerOf = new Int32Array(stackCount);
  for (let stack = 0; stack < stackCount; stack++) {
    const caller = shown.stacks.first(stack);
    callerOf[stack] = callerPairs.intern(functionOf(stack), caller === -1 ? -1 : functionOf(caller));
    if (caller !== -1) callOf[stack] = callPairs.intern(shown.stacks.second(caller), functionOf(stack));
  }

  const self = costs(shown.functions.length);
  const total = costs(shown.functions.length);
  const selfOfFrame = costs(shown.frames.size);
  const calls = { pairs: callPairs, seen: new Float64Array(callPairs.size), cost: costs(callPairs.size) };
  const callers = {
    pairs: callerPairs,
    seen: new Float64Array(callerPairs.size),
    self: costs(callerPairs.size),
    total: costs(callerPairs.size),
  };
  const callsOnPath = new Int32Array(callPairs.size);
  const callersOnPath = new Int32Array(callerPairs.size);
  const functionsOnPath = new Int32Array(shown.functions.length);

  const enter = (stack: number) => {
    const id = functionOf(stack);
    const { samples, time } = at(own, stack);
    const sum = at(below, stack);
    add(self, id, samples, time);
    add(selfOfFrame, shown.stacks.second(stack), samples, time);
    const call = callOf[stack] ?? -1;
    if (call !== -1) {
      if (callsOnPath[call] === 0) calls.seen[call] = (calls.seen[call] ?? 0) + sum.samples;
      callsOnPath[call] = (callsOnPath[call] ?? 0) + 1;
    }
    const pair = callerOf[stack] ?? 0;
    add(callers.self, pair, samples, time);
    if (callersOnPath[pair] === 0) callers.seen[pair] = (callers.seen[pair] ?? 0) + sum.samples;
    callersOnPath[pair] = (callersOnPath[pair] ?? 0) + 1;
    if (functionsOnPath[id] === 0) {
      add(total, id, sum.samples, sum.time);
      add(callers.total, pair, sum.samples, sum.time);
      if (call !== -1) add(calls.cost, call, sum.samples, sum.time);
    }
    functionsOnPath[id] = (functionsOnPath[id] ?? 0) + 1;
  };
  const leave = (stack: number) => {
    const id = functionOf(stack);
    functionsOnPath[id] = (functionsOnPath[id] ?? 0) - 1;
    const call = callOf[stack] ?? -1;
    if (call !== -1) callsOnPath[call] = (callsOnPath[call] ?? 0) - 1;
    const pair = callerOf[stack] ?? 0;
    callersOnPath[pair] = (callersOnPath[pair] ?? 0) - 1;
  };
  walk(shown.stacks, enter, leave);
  return { all, self, total, selfOfFrame, calls, callers };
}

/** Enters every stack after its caller and leaves it after all that it called; without recursion. */
function walk(stacks: PairTable, enter: (stack: number) => void, leave: (stack: number) => void): void {
  const firstCallee = new Int32Array(stacks.size).fill(-1);
  const nextSibling = new Int32Array(stacks.size).fill(-1);
  let firstRoot = -1;
  for (let stack = stacks.size - 1; stack >= 0; stack--) {
    const caller = stacks.first(stack);
    nextSibling[stack] = caller === -1 ? firstRoot : (firstCallee[caller] ?? -1);
    if (caller === -1) firstRoot = stack;
    else firstCallee[caller] = stack;
  }
  for (let stack = firstRoot; stack !== -1; ) {
    enter(stack);
    let next = firstCallee[stack] ?? -1;
    for (let done = stack; next === -1 && done !== -1; done = stacks.first(done)) {
      leave(done);
      next = nextSibling[done] ?? -1;
    }
    stack = next;
  }
}

function costs(length: number): Costs {
  return { samples: new Float64Array(length), time: new Float64Array(length) };
}

function at(costs: Costs, index: number): { samples: number; time: number } {
  return { samples: costs.samples[index] ?? 0, time: costs.time[index] ?? 0 };
}

function add(costs: Costs, index: number, samples: number, time: number): void {
  costs.samples[index] = (costs.samples[index] ?? 0) + samples;
  costs.time[index] = (costs.time[index] ?? 0) + time;
}
