import type { FrameColumns, FunctionRecord, SampleBatch, ThreadRecord } from "../sample-batch.js";

/** A place in a function that was running or had called another one. Lines and columns count from 1; 0 is unknown. */
export interface StackFrame {
  readonly function: FunctionRecord;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** A thread and its stack at one moment. */
export interface ThreadStack {
  readonly thread: ThreadRecord;
  /** Bits of {@link SampleState}. */
  readonly state: number;
  /** Innermost first. */
  readonly frames: readonly StackFrame[];
}

/** The stacks of a batch that is the first of its stream; threads that have none are there without frames. */
export function threadStacksOf({ functions, frames, nodes, threads, samples }: SampleBatch): ThreadStack[] {
  const rows = new Map([...samples.thread].map((thread, row) => [thread, row]));
  return threads.map((thread, id): ThreadStack => {
    const row = rows.get(id);
    if (row === undefined) return { thread, state: 0, frames: [] };
    const stack: StackFrame[] = [];
    for (let node = samples.node[row] ?? -1; node >= 0; node = nodes.parent[node] ?? -1) {
      const frame = frameAt(functions, frames, nodes.frame[node] ?? -1);
      if (frame !== undefined) stack.push(frame);
    }
    return { thread, state: samples.state[row] ?? 0, frames: stack };
  });
}

function frameAt(
  functions: readonly FunctionRecord[],
  columns: FrameColumns,
  frame: number,
): StackFrame | undefined {
  const record = functions[columns.function[frame] ?? -1];
  if (record === undefined) return undefined;
  const [line = 0, column = 0, endLine = 0, endColumn = 0] = [
    columns.line[frame],
    columns.column[frame],
    columns.endLine[frame],
    columns.endColumn[frame],
  ];
  return { function: record, line, column, endLine, endColumn };
}
