import type { Address, LiveProcess } from "@pyspy/proc-memory";
import { monotonicTime } from "../monotonic-time.js";
import type { PythonRuntime } from "../python/python-runtime.js";
import type { InterpreterTrack } from "../python/thread-list.js";
import type { ThreadTrack } from "../python/thread-track.js";
import { GilWait } from "./gil-wait.js";
import { ThreadNames } from "./thread-names.js";

/** Milliseconds that a look is good for. It takes 2 to 5 µs, which would halve the highest rate. */
const LOOK_AGE = 0.2;
/** Looks at threads that have not run take at most this share of the time. */
const LOOK_SHARE = 0.15;
/** What a look is taken to cost before it is known, in milliseconds. */
const FIRST_LOOK_COST = 0.0022;
/** With fewer threads all of them are looked at. So few looks say little of what one costs. */
const FEWEST_LOOKS = 16;
/** How much the last round counts in what a look is taken to cost. */
const WEIGHT_OF_ROUND = 0.1;

/**
 * Keeps what the operating system says of threads up to date: whether they run, have run, or wait for the GIL, and
 * what they are called.
 *
 * Threads that do not run are looked at in turns when there are more than can be looked at in each sample: 300 to 700 at
 * 100 samples a second, as quick as the machine is. So each of them is seen to run at most {@link turns} samples late, and until then its last stack stands.
 */
export class ThreadWatch {
  /** Every which sample a thread that does not run is looked at; the most that it ever was. */
  turns = 1;
  /** System calls made for looks. */
  calls = 0;
  readonly #names: ThreadNames;
  readonly #gilWait: GilWait;
  /** Whether threads say themselves that they wait for the GIL. */
  readonly #saysGilRequest: boolean;
  /** Milliseconds that the looks of a round may take. */
  readonly #budget: number;
  readonly #clock: () => number;
  #lookCost = FIRST_LOOK_COST;
  /** Whether there are so many threads that it matters what a look costs, and when the round began. */
  #measures = false;
  #began = 0;
  #looks = 0;
  #turn = 0;
  #currentTurns = 1;
  #resting = 0;

  /** `rate` is samples a second; `clock` tells milliseconds. */
  constructor(
    process: LiveProcess,
    runtime: PythonRuntime,
    rate: number,
    clock: () => number = monotonicTime,
  ) {
    this.#names = new ThreadNames(process, runtime.layout);
    this.#gilWait = new GilWait(process.memory, runtime);
    this.#saysGilRequest = runtime.layout.threadState.gil_requested >= 0;
    this.#budget = (LOOK_SHARE * 1000) / rate;
    this.#clock = clock;
  }

  /** Begins a round of looks. */
  begin(): void {
    this.#currentTurns =
      Math.ceil(this.#resting / Math.max(FEWEST_LOOKS, this.#budget / this.#lookCost)) || 1;
    this.turns = Math.max(this.turns, this.#currentTurns);
    this.#turn += 1;
    this.#resting = 0;
    if (this.#measures) this.#began = this.#clock();
    this.#looks = 0;
  }

  /** Ends a round of looks. */
  end(): void {
    if (this.#looks < FEWEST_LOOKS) return;
    if (this.#measures) {
      const cost = (this.#clock() - this.#began) / this.#looks;
      this.#lookCost += (cost - this.#lookCost) * WEIGHT_OF_ROUND;
    }
    this.#measures = true;
  }

  /**
   * Looks at a thread, if it is time. `index` tells threads apart that take turns.
   *
   * @param holder - the thread state that held the GIL lately
   * @param now - `monotonicTime()`
   */
  look(track: ThreadTrack, interpreter: InterpreterTrack, index: number, holder: Address, now: number): void {
    const { activity } = track;
    if (activity === undefined) return;
    if (!track.hasRun) {
      this.#resting += 1;
      if (this.#currentTurns > 1 && (index + this.#turn) % this.#currentTurns !== 0) return;
    }
    if (now < track.nextLook) return;
    track.nextLook = now + LOOK_AGE;
    activity.glance();
    this.#looks += 1;
    track.hasRun = activity.hasRun;
    track.isActive = activity.state === "running";
    this.calls += track.hasRun ? 2 : 1;
    if (this.#saysGilRequest || !track.hasRun) return;
    const mayWait = activity.state === "sleeping" && track.threadState !== holder;
    if (mayWait) this.calls += 1;
    track.wantsGil = mayWait && this.#gilWait.isWaiting(activity, interpreter.gil) === true;
  }

  /** Brings a thread's name up to date, of which there is to be a sample. */
  name(track: ThreadTrack, interpreter: InterpreterTrack, now: number): void {
    const name = this.#names.nameOf(interpreter.address, track.pythonId, track.tid, now);
    if (name === track.name) return;
    track.name = name;
    track.record = undefined;
  }
}
