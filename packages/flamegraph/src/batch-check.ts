import { ProfileError } from "./profile-error.js";
import type { FrameColumns, NodeColumns, SampleBatch, SampleColumns } from "./sample-batch.js";

/** How much has been described, by the sampler's numbering. */
export interface DescribedCounts {
  readonly functions: number;
  readonly frames: number;
  readonly nodes: number;
  readonly processes: number;
  readonly threads: number;
}

/**
 * Throws a {@link ProfileError} unless `batch` can follow batches that described `before`: columns of one
 * table are equally long, every id is described, parents come before their children, times are numbers.
 */
export function checkBatch(batch: SampleBatch, before: DescribedCounts): void {
  const { frames, nodes, processes, threads, samples } = batch;
  checkLengths("frames", frames);
  checkLengths("nodes", nodes);
  checkLengths("samples", samples);
  const functionCount = before.functions + batch.functions.length;
  const frameCount = before.frames + frames.function.length;
  const nodeCount = before.nodes + nodes.parent.length;
  const processCount = before.processes + processes.length;
  const threadCount = before.threads + threads.length;

  checkIds("frames.function", frames.function, 0, functionCount);
  checkIds("nodes.frame", nodes.frame, 0, frameCount);
  nodes.parent.forEach((parent, index) => {
    checkId("nodes.parent", index, parent, -1, before.nodes + index);
  });
  processes.forEach(({ parent }, index) => {
    checkId("processes.parent", index, parent, -1, before.processes + index);
  });
  threads.forEach(({ process }, index) => {
    checkId("threads.process", index, process, 0, processCount);
  });
  checkIds("samples.thread", samples.thread, 0, threadCount);
  checkIds("samples.node", samples.node, -1, nodeCount);
  checkAmounts("samples.time", samples.time);
  if (samples.span !== undefined) checkAmounts("samples.span", samples.span);
  if (samples.count !== undefined) checkAmounts("samples.count", samples.count);
}

function checkAmounts(part: string, column: Float64Array): void {
  for (let index = 0; index < column.length; index++) {
    const amount = column[index] ?? 0;
    if (amount >= 0 && amount < Number.POSITIVE_INFINITY) continue;
    throw new ProfileError("invalid-batch", `is ${amount}, not an amount`, { part, index });
  }
}

function checkLengths(table: string, columns: FrameColumns | NodeColumns | SampleColumns): void {
  const entries: [string, ArrayLike<number>][] = Object.entries(columns);
  const [first, ...others] = entries;
  if (first === undefined) return;
  for (const [name, column] of others) {
    if (column.length === first[1].length) continue;
    const reason = `has ${column.length} entries where ${table}.${first[0]} has ${first[1].length}`;
    throw new ProfileError("invalid-batch", reason, { part: `${table}.${name}` });
  }
}

function checkIds(part: string, column: Int32Array, least: number, end: number): void {
  for (let index = 0; index < column.length; index++) checkId(part, index, column[index] ?? 0, least, end);
}

function checkId(part: string, index: number, id: number, least: number, end: number): void {
  // Negated, so that NaN (a record of another program, decoded from a file) is refused too.
  if (!(id >= least && id < end)) {
    throw new ProfileError("invalid-batch", `is ${id}, which is not described before it`, { part, index });
  }
}
