import type { SampleColumns } from "../sample-batch.js";
import { type Description, PatternMatches } from "./pattern-matches.js";
import type { SampleSelection } from "./select-samples.js";

/** Tells which samples are selected by their stacks, their threads' names and their states. What is described may grow. */
export class MatchingSamples {
  readonly #included: PatternMatches | undefined;
  readonly #excluded: PatternMatches | undefined;
  readonly #states: SampleSelection["states"];

  constructor({ include, exclude, states }: Pick<SampleSelection, "include" | "exclude" | "states">) {
    this.#included = include && new PatternMatches(include);
    this.#excluded = exclude && new PatternMatches(exclude);
    this.#states = states;
  }

  /** See {@link PatternMatches.describe}. */
  describe(description: Description): void {
    this.#included?.describe(description);
    this.#excluded?.describe(description);
  }

  /** See {@link PatternMatches.reset}. */
  reset(): void {
    this.#included?.reset();
    this.#excluded?.reset();
  }

  has({ thread, node, state }: SampleColumns, row: number): boolean {
    const id = thread[row] ?? 0;
    const stack = node[row] ?? -1;
    return (
      (this.#states === undefined || this.#states(state[row] ?? 0)) &&
      (this.#included === undefined || this.#included.has(id, stack)) &&
      !this.#excluded?.has(id, stack)
    );
  }
}
