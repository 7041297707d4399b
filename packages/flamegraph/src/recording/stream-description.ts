import { Int32Column } from "../int32-column.js";
import type { FunctionRecord, ProcessRecord, SampleBatch, ThreadRecord } from "../sample-batch.js";
import { NOTHING_COUNTED } from "../sample-counters.js";

/** What a stream of batches has described since its last reset, in its own numbering. */
export class StreamDescription {
  #functions: FunctionRecord[] = [];
  #processes: ProcessRecord[] = [];
  #threads: ThreadRecord[] = [];
  #frames = noFrames();
  #nodes = noNodes();

  add(batch: SampleBatch): void {
    if (batch.reset) {
      this.#functions = [];
      this.#processes = [];
      this.#threads = [];
      this.#frames = noFrames();
      this.#nodes = noNodes();
    }
    for (const record of batch.functions) this.#functions.push(record);
    for (const record of batch.processes) this.#processes.push(record);
    for (const record of batch.threads) this.#threads.push(record);
    append(this.#frames, batch.frames);
    append(this.#nodes, batch.nodes);
  }

  /** A batch that describes all of it and has no samples: what a stream may begin with instead. */
  asBatch(): SampleBatch {
    const none = new Int32Array(0);
    const nothing = new Float64Array(0);
    return {
      functions: this.#functions,
      frames: {
        function: this.#frames.function.view(),
        line: this.#frames.line.view(),
        column: this.#frames.column.view(),
        endLine: this.#frames.endLine.view(),
        endColumn: this.#frames.endColumn.view(),
      },
      nodes: { parent: this.#nodes.parent.view(), frame: this.#nodes.frame.view() },
      processes: this.#processes,
      threads: this.#threads,
      samples: { time: nothing, thread: none, node: none, state: new Uint8Array(0), cpu: nothing },
      counters: NOTHING_COUNTED,
      reset: true,
    };
  }
}

function noFrames() {
  return {
    function: new Int32Column(),
    line: new Int32Column(),
    column: new Int32Column(),
    endLine: new Int32Column(),
    endColumn: new Int32Column(),
  };
}

function noNodes() {
  return { parent: new Int32Column(), frame: new Int32Column() };
}

function append<Name extends string>(
  columns: Readonly<Record<Name, Int32Column>>,
  added: Readonly<Record<Name, Int32Array>>,
): void {
  for (const name of Object.keys(columns) as Name[]) {
    for (const value of added[name]) columns[name].push(value);
  }
}
