import { PairTable } from "./pair-table.js";
import type { Profile, ProfileMetadata } from "./profile.js";
import type { Nanoseconds } from "./sample-batch.js";
import { type SampleChoice, totalSamples } from "./sample-totals.js";
import type { LabelOptions, StackLabel } from "./stack-label.js";
import { takenRate } from "./taken-rate.js";
import { TreeLabels } from "./tree-labels.js";

/**
 * All stacks of a profile merged into a tree: which call led to which, and how many samples each has.
 *
 * Nodes are rows of the columns, depth first, siblings in the order of their labels: a parent comes
 * before its children and the nodes below one follow it without a gap. Equal profiles give equal trees.
 */
export interface StackTree {
  /** The node that called this one; -1 for the outermost calls. */
  readonly parent: Int32Array;
  /** Index in {@link labels}. */
  readonly label: Int32Array;
  /** Samples that ended in this node. */
  readonly self: Float64Array;
  /** Samples in this node or below it. */
  readonly total: Float64Array;
  readonly labels: readonly StackLabel[];
  /** Samples in the whole tree. */
  readonly samples: number;
  /** Of the profile. */
  readonly metadata: ProfileMetadata;
  /** Of the profile. */
  readonly duration: Nanoseconds;
  /** Samples a second that were taken; 0 if unknown. */
  readonly rate: number;
}

/** What goes into a tree, and how it is shown. */
export interface FoldOptions extends LabelOptions, SampleChoice {
  /** Puts a node for the process, below those of the processes that started it, above its stacks. Default false. */
  readonly processes?: boolean;
  /** Puts a node for the thread above its stacks. Default false. */
  readonly threads?: boolean;
}

/**
 * Merges the stacks of `profile` into a tree in one pass over its samples. Frames whose labels read the same are one.
 *
 * ```ts
 * const tree = foldStacks(profile, { lines: "function", threads: true });
 * ```
 */
export function foldStacks(profile: Profile, options: FoldOptions = {}): StackTree {
  const labels = new TreeLabels(profile, options);
  const nodes: TreeNodes = new PairTable();
  const byThread = options.threads === true || options.processes === true;
  const counts = totalSamples(profile, byThread, options);
  const places = placeStacks(profile, counts.stacks, nodes, labels);
  const self = new Float64Array(nodes.size);
  counts.samples.forEach((samples, stack) => {
    const node = places[stack] ?? 0;
    self[node] = (self[node] ?? 0) + samples;
  });
  const { metadata, duration } = profile;
  const rate = takenRate(profile);
  return { ...depthFirst(nodes, self, labels.labels), labels: labels.labels, metadata, duration, rate };
}

/** Pairs of (parent, label). */
type TreeNodes = PairTable;

/** Pairs of (thread, node of the profile); the thread is -1 where the tree does not tell threads apart. */
type ThreadStacks = PairTable;

/**
 * Gives every stack its node in the tree, and makes the nodes. Stacks on the way to the root join `stacks`,
 * so that each is placed once however many lie above it, and without recursion: Python's may be
 * a hundred thousand deep.
 */
function placeStacks(profile: Profile, stacks: ThreadStacks, nodes: TreeNodes, labels: TreeLabels): number[] {
  const { parent: callers, frame: frames } = profile.nodes;
  const places: number[] = [];
  for (let stack = 0; stack < stacks.size; stack++) places.push(-1);
  const counted = stacks.size;
  const path: number[] = [];
  for (let first = 0; first < counted; first++) {
    const thread = stacks.first(first);
    let place = -1;
    let node = stacks.second(first);
    if (node === -1) {
      places[first] = nodes.intern(containerNode(thread, nodes, labels), labels.ofNoFrames());
      continue;
    }
    for (; node !== -1 && place === -1; node = callers[node] ?? -1) {
      const stack = stacks.intern(thread, node);
      if (stack === places.length) places.push(-1);
      place = places[stack] ?? -1;
      if (place === -1) path.push(stack);
    }
    if (place === -1) place = containerNode(thread, nodes, labels);
    for (let stack = path.pop(); stack !== undefined; stack = path.pop()) {
      place = nodes.intern(place, labels.ofFrame(frames[stacks.second(stack)] ?? 0));
      places[stack] = place;
    }
  }
  return places;
}

/** The node that the stacks of `thread` hang under; -1 if they begin at the root. */
function containerNode(thread: number, nodes: TreeNodes, labels: TreeLabels): number {
  let node = -1;
  for (const label of labels.ofContainers(thread)) node = nodes.intern(node, label);
  return node;
}

type TreeColumns = Pick<StackTree, "parent" | "label" | "self" | "total" | "samples">;

/** Brings the nodes into the order that {@link StackTree} promises and sums them up. */
function depthFirst(nodes: TreeNodes, selfOfNode: Float64Array, labels: readonly StackLabel[]): TreeColumns {
  const order = depthFirstOrder(nodes, labels);
  const rowOfNode = new Int32Array(order.length);
  const parent = new Int32Array(order.length);
  const label = new Int32Array(order.length);
  const self = new Float64Array(order.length);
  order.forEach((node, row) => {
    rowOfNode[node] = row;
    const caller = nodes.first(node);
    parent[row] = caller === -1 ? -1 : (rowOfNode[caller] ?? -1);
    label[row] = nodes.second(node);
    self[row] = selfOfNode[node] ?? 0;
  });
  const total = self.slice();
  let samples = 0;
  for (let row = order.length - 1; row >= 0; row--) {
    const caller = parent[row] ?? -1;
    const weight = total[row] ?? 0;
    if (caller === -1) samples += weight;
    else total[caller] = (total[caller] ?? 0) + weight;
  }
  return { parent, label, self, total, samples };
}

function depthFirstOrder(nodes: TreeNodes, labels: readonly StackLabel[]): Int32Array {
  const rank = new Int32Array(labels.length);
  const byText = labels.map((_, label) => label);
  byText.sort((left, right) => compareText(labels[left]?.text ?? "", labels[right]?.text ?? ""));
  byText.forEach((label, place) => {
    rank[label] = place;
  });
  // Siblings as linked lists: filled from the last label to the first, so that the first ends up in front.
  const lastToFirst = new Int32Array(nodes.size).map((_, node) => node);
  lastToFirst.sort((left, right) => (rank[nodes.second(right)] ?? 0) - (rank[nodes.second(left)] ?? 0));
  const firstChild = new Int32Array(nodes.size).fill(-1);
  const nextSibling = new Int32Array(nodes.size).fill(-1);
  let firstRoot = -1;
  for (const node of lastToFirst) {
    const caller = nodes.first(node);
    nextSibling[node] = caller === -1 ? firstRoot : (firstChild[caller] ?? -1);
    if (caller === -1) firstRoot = node;
    else firstChild[caller] = node;
  }
  const order = new Int32Array(nodes.size);
  let length = 0;
  for (let node = firstRoot; node !== -1; ) {
    order[length++] = node;
    let next = firstChild[node] ?? -1;
    for (let at = node; next === -1 && at !== -1; at = nodes.first(at)) next = nextSibling[at] ?? -1;
    node = next;
  }
  return order;
}

/** By code units: the same on every machine, whatever its language. */
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
