import { checkBatch } from "./batch-check.js";
import { Int32Column } from "./int32-column.js";
import { PairTable } from "./pair-table.js";
import type {
  FrameColumns,
  FunctionRecord,
  NodeColumns,
  ProcessRecord,
  SampleBatch,
  SampleColumns,
  ThreadRecord,
} from "./sample-batch.js";

/** Dictionary entries as a profile shows them. */
export interface DictionaryTables {
  readonly functions: readonly FunctionRecord[];
  readonly frames: FrameColumns;
  readonly nodes: NodeColumns;
  readonly processes: readonly ProcessRecord[];
  readonly threads: readonly ThreadRecord[];
}

/**
 * Everything that samples refer to, numbered by content.
 *
 * The sampler's ids are valid from one reset to the next and say nothing beyond; it may also describe
 * one thing twice. Here equal content has one id for good. Therefore translating the same batches
 * again gives the same ids, and samples that are too many for memory can be read again from where
 * they came from.
 */
export class Dictionary {
  readonly functions = new RecordTable<FunctionRecord>();
  readonly frames = new FrameTable();
  readonly nodes = new PairTable();
  readonly processes = new RecordTable<ProcessRecord>();
  readonly threads = new RecordTable<ThreadRecord>();

  /** What the dictionary holds now; what comes later does not change it. */
  tables(): DictionaryTables {
    return {
      functions: this.functions.records.slice(),
      frames: this.frames.columns(),
      nodes: { parent: this.nodes.firsts(), frame: this.nodes.seconds() },
      processes: this.processes.records.slice(),
      threads: this.threads.records.slice(),
    };
  }
}

/** One reading of a stream of batches, from its start. A dictionary may take in several. */
export class BatchStream {
  readonly #dictionary: Dictionary;
  /** The dictionary's id of each id of the sampler, since the last reset. */
  #ids = noIds();

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
  }

  /**
   * Takes in what `batch` describes and gives its samples in the dictionary's ids. Columns that hold no ids
   * are the batch's own.
   *
   * @throws ProfileError if the batch is invalid; the dictionary is then as it was.
   */
  translate(batch: SampleBatch): SampleColumns {
    const ids = batch.reset ? noIds() : this.#ids;
    checkBatch(batch, {
      functions: ids.functions.length,
      frames: ids.frames.length,
      nodes: ids.nodes.length,
      processes: ids.processes.length,
      threads: ids.threads.length,
    });
    this.#ids = ids;
    const dictionary = this.#dictionary;
    for (const record of batch.functions)
      ids.functions.push(dictionary.functions.intern(functionKey(record), record));
    const { frames, nodes, samples } = batch;
    for (let row = 0; row < frames.function.length; row++) {
      ids.frames.push(dictionary.frames.intern(ids.functions.at(frames.function[row] ?? 0), frames, row));
    }
    for (let row = 0; row < nodes.parent.length; row++) {
      const parent = translated(ids.nodes, nodes.parent[row] ?? -1);
      ids.nodes.push(dictionary.nodes.intern(parent, ids.frames.at(nodes.frame[row] ?? 0)));
    }
    for (const record of batch.processes) {
      const parent = translated(ids.processes, record.parent);
      ids.processes.push(dictionary.processes.intern(processKey(record), { ...record, parent }));
    }
    for (const record of batch.threads) {
      const thread = { ...record, process: ids.processes.at(record.process) };
      ids.threads.push(dictionary.threads.intern(threadKey(thread), thread));
    }
    return {
      ...samples,
      thread: samples.thread.map((thread) => ids.threads.at(thread)),
      node: samples.node.map((node) => translated(ids.nodes, node)),
    };
  }
}

interface SamplerIds {
  readonly functions: Int32Column;
  readonly frames: Int32Column;
  readonly nodes: Int32Column;
  readonly processes: Int32Column;
  readonly threads: Int32Column;
}

function noIds(): SamplerIds {
  return {
    functions: new Int32Column(),
    frames: new Int32Column(),
    nodes: new Int32Column(),
    processes: new Int32Column(),
    threads: new Int32Column(),
  };
}

function translated(ids: Int32Column, id: number): number {
  return id < 0 ? -1 : ids.at(id);
}

// JSON keeps names apart whatever is in them; a separator of our own could be part of a hostile name.

function functionKey({ name, qualname, file, module, firstLine, kind }: FunctionRecord): string {
  return JSON.stringify([name, qualname, file, module, firstLine, kind]);
}

/** Without the parent: whether it is known may change while the process runs. */
function processKey({ pid, startTime, commandLine }: ProcessRecord): string {
  return JSON.stringify([pid, startTime, commandLine]);
}

function threadKey({ process, tid, pythonId, name, interpreter }: ThreadRecord): string {
  return JSON.stringify([process, tid, pythonId, name, interpreter]);
}

class RecordTable<Entry> {
  readonly records: Entry[] = [];
  readonly #ids = new Map<string, number>();

  intern(key: string, record: Entry): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#ids.set(key, this.records.length);
    return this.records.push(record) - 1;
  }
}

class FrameTable {
  readonly #function = new Int32Column();
  readonly #line = new Int32Column();
  readonly #column = new Int32Column();
  readonly #endLine = new Int32Column();
  readonly #endColumn = new Int32Column();
  readonly #ids = new Map<string, number>();

  intern(functionId: number, source: FrameColumns, row: number): number {
    const line = source.line[row] ?? 0;
    const column = source.column[row] ?? 0;
    const endLine = source.endLine[row] ?? 0;
    const endColumn = source.endColumn[row] ?? 0;
    const key = `${functionId},${line},${column},${endLine},${endColumn}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#function.length;
    this.#ids.set(key, id);
    this.#function.push(functionId);
    this.#line.push(line);
    this.#column.push(column);
    this.#endLine.push(endLine);
    this.#endColumn.push(endColumn);
    return id;
  }

  columns(): FrameColumns {
    return {
      function: this.#function.view(),
      line: this.#line.view(),
      column: this.#column.view(),
      endLine: this.#endLine.view(),
      endColumn: this.#endColumn.view(),
    };
  }
}
