import type { ProcessRecord, SampleBatch, SampleColumns, ThreadRecord } from "../sample-batch.js";
import { PassedTimes } from "../sample-spans.js";
import { MatchingSamples } from "./matching-samples.js";
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
  readonly #threads: BatchSelection["threads"];
  readonly #matching: MatchingSamples;
  readonly #passed: PassedTimes;
  #processes: ProcessRecord[] = [];
  #isThreadWanted: boolean[] = [];

  /** @param rate Samples a second, as they were asked for. */
  constructor(selection: BatchSelection, rate: number) {
    this.#threads = selection.threads;
    this.#matching = new MatchingSamples(selection);
    this.#passed = new PassedTimes(1e9 / rate);
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
      this.#matching.reset();
      this.#passed.reset();
      this.#processes = [];
      this.#isThreadWanted = [];
    }
    this.#matching.describe(batch);
    this.#processes.push(...batch.processes);
    const threads = this.#threads;
    for (const thread of batch.threads)
      this.#isThreadWanted.push(threads === undefined || threads(thread, this.#processes[thread.process]));
  }

  #isWanted(samples: SampleColumns, row: number): boolean {
    return this.#isThreadWanted[samples.thread[row] ?? 0] === true && this.#matching.has(samples, row);
  }

  #withSpans(samples: SampleColumns): SampleColumns {
    if (samples.span !== undefined) return samples;
    const span = samples.time.map((time, row) => this.#passed.until(time, samples.thread[row] ?? 0));
    return { ...samples, span };
  }
}
