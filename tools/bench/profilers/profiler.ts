import type { CollapsedDialect } from "../collapsed.js";

/** A program that samples Python programs, as a benchmark uses it. */
export interface Profiler {
  /** With its version where it is not ours. */
  readonly name: string;
  /** The oldest and the newest 3.x that it can sample. */
  readonly minors: readonly [oldest: number, newest: number];
  /** How what it records reads. */
  readonly dialect: CollapsedDialect;
  /** The command line that records collapsed stacks. */
  command(request: RecordRequest): readonly string[];
  /**
   * Its duration is a number of samples, so that at a rate it cannot keep there is no end to it: it is interrupted, so
   * many seconds after it has said this.
   */
  readonly begins?: RegExp;
  /** How long it sampled, as it says itself; undefined: as long as it was asked to. */
  sampledSeconds?(told: string): number | undefined;
  /** How many stacks it knows to be inconsistent and leaves out. */
  torn?(told: string): number;
}

export interface RecordRequest {
  readonly pid: number;
  /** Samples a second. */
  readonly rate: number;
  /** Undefined: until it is interrupted. */
  readonly seconds: number | undefined;
  /** Where to write. */
  readonly output: string;
}

/** More than any profiler reaches, and what all of them accept. */
export const highestRate = 1_000_000;
