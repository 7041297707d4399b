import type {
  Nanoseconds,
  ProcessRecord,
  SampleBatch,
  SampleColumns,
  ThreadRecord,
} from "../sample-batch.js";
import { LONGEST_IN_INTERVALS } from "../sample-spans.js";
import { PatternMatches } from "./pattern-matches.js";
import { rowsOf, type SampleSelection } from "./select-samples.js";

/** Which samples of a stream are kept. What is not given keeps everything. */
export interface BatchSelection extends Pick<SampleSelection, "include" | "exclude" | "states"> {
  /** By their threads, each of which is asked for once. */
  readonly threads?: (thread: ThreadRecord, process: ProcessRecord | undefined) => boolean;
}

/**
 * Leaves samples out of a stream of batches as it comes, before it is recorded or built into a profile: what `selectSamples` does
 * to a profile that is there. Those that stay say how much time they stand for, which cannot be known from what is left.
 *
 * ```ts
 * const filter = new BatchFilter({ exclude: /site-packages/ }, 100);
 * for await (const batch of sampler) writer.add(filter.apply(batch));
 * ```
 */
export class BatchFilter {
  readonly #selection: BatchSelection;
  readonly #included: PatternMatches | undefined;
  readonly #excluded: PatternMatches | undefined;
  readonly #interval: Nanoseconds;
  #processes: ProcessRecord[] = [];
  #isThreadWanted: boolean[] = [];
  #lastTime: number[] = [];

  /** @param rate Samples a second, as they were asked for. */
  constructor(selection: BatchSelection, rate: number) {
    this.#selection = selection;
    this.#included = selection.include && new PatternMatches(selection.include);
    this.#excluded = selection.exclude && new PatternMatches(selection.exclude);
    this.#interval = 1e9 / rate;
  }

  /** The batch with the samples that are wanted. All that it describes stays. */
  apply(batch: SampleBatch): SampleBatch {
    this.#describe(batch);
    const samples = this.#withSpans(batch.samples);
    const rows: number[] = [];
    for (let row = 0; row < samples.time.length; row++) if (this.#isWanted(samples, row)) rows.push(row);
    return { ...batch, samples: rowsOf(samples, rows) };
  }

  #describe(batch: SampleBatch): void {
    if (batch.reset) {
      this.#included?.reset();
      this.#excluded?.reset();
      this.#processes = [];
      this.#isThreadWanted = [];
      this.#lastTime = [];
    }
    this.#included?.describe(batch);
    this.#excluded?.describe(batch);
    this.#processes.push(...batch.processes);
    const { threads } = this.#selection;
    for (const thread of batch.threads)
      this.#isThreadWanted.push(threads === undefined || threads(thread, this.#processes[thread.process]));
  }

  #isWanted({ thread, node, state }: SampleColumns, row: number): boolean {
    const { states } = this.#selection;
    const id = thread[row] ?? 0;
    const stack = node[row] ?? -1;
    return (
      this.#isThreadWanted[id] === true &&
      (states === undefined || states(state[row] ?? 0)) &&
      (this.#included === undefined || this.#included.has(id, stack)) &&
      !this.#excluded?.has(id, stack)
    );
  }

  /** As `SampleSpans` has it. */
  #withSpans(samples: SampleColumns): SampleColumns {
    if (samples.span !== undefined) return samples;
    const span = samples.time.map((time, row) => {
      const thread = samples.thread[row] ?? 0;
      const passed = time - (this.#lastTime[thread] ?? Number.NaN);
      this.#lastTime[thread] = time;
      return passed >= 0 && passed <= LONGEST_IN_INTERVALS * this.#interval ? passed : this.#interval;
    });
    return { ...samples, span };
  }
}
