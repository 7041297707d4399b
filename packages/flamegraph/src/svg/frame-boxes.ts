import type { StackLabel } from "../stack-label.js";
import type { StackTree } from "../stack-tree.js";

/** A frame as a box: where it begins and how wide it is, in samples, and how deep it lies. */
export interface FrameBox {
  readonly label: StackLabel;
  /** 0 is the box of the whole profile. */
  readonly depth: number;
  readonly start: number;
  readonly samples: number;
}

const WHOLE: StackLabel = { text: "all", file: "", origin: "container" };

/**
 * Lays `tree` out: children side by side under their parent from its left edge on, what it ran itself remaining free on
 * its right. Boxes narrower than `least` samples are left out, and with them all they call.
 *
 * @returns boxes depth first, beginning with one for the whole profile; none for a tree without samples.
 */
export function layOutFrames(tree: StackTree, least: number): FrameBox[] {
  if (tree.samples === 0) return [];
  const boxes: FrameBox[] = [{ label: WHOLE, depth: 0, start: 0, samples: tree.samples }];
  const depths = new Int32Array(tree.parent.length);
  const nextChildStart = new Float64Array(tree.parent.length);
  let nextRootStart = 0;
  for (let node = 0; node < tree.parent.length; node++) {
    const parent = tree.parent[node] ?? -1;
    const samples = tree.total[node] ?? 0;
    const depth = parent === -1 ? 1 : (depths[parent] ?? 0) + 1;
    const start = parent === -1 ? nextRootStart : (nextChildStart[parent] ?? 0);
    if (parent === -1) nextRootStart += samples;
    else nextChildStart[parent] = start + samples;
    depths[node] = depth;
    nextChildStart[node] = start;
    const label = tree.labels[tree.label[node] ?? -1];
    if (label !== undefined && samples >= least) boxes.push({ label, depth, start, samples });
  }
  return boxes;
}
