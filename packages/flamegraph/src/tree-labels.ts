import type { Profile } from "./profile.js";
import { frameLabel, type LabelOptions, processLabel, type StackLabel, threadLabel } from "./stack-label.js";
import { type ThreadTracks, threadTracks } from "./thread-tracks.js";

/** Stands for a stack without frames, so that it counts in every format. */
const NO_FRAMES: StackLabel = { text: "<no frames>", file: "", origin: "runtime" };

/** The labels that a tree of `profile` uses, each made and numbered when first asked for; equal texts are one. */
export class TreeLabels {
  readonly labels: StackLabel[] = [];
  readonly #profile: Profile;
  readonly #options: LabelOptions & { readonly processes?: boolean; readonly threads?: boolean };
  readonly #idOfText = new Map<string, number>();
  readonly #idOfFrame: Int32Array;
  readonly #idsOfThread = new Map<number, readonly number[]>();
  #threads: ThreadTracks | undefined;

  constructor(profile: Profile, options: LabelOptions & { processes?: boolean; threads?: boolean }) {
    this.#profile = profile;
    this.#options = options;
    this.#idOfFrame = new Int32Array(profile.frames.function.length).fill(-1);
  }

  ofNoFrames(): number {
    return this.#idOf(NO_FRAMES);
  }

  ofFrame(frame: number): number {
    const known = this.#idOfFrame[frame] ?? -1;
    if (known !== -1) return known;
    const { functions, frames } = this.#profile;
    const record = functions[frames.function[frame] ?? -1];
    const label =
      record === undefined ? NO_FRAMES : frameLabel(record, frames.line[frame] ?? 0, this.#options);
    const id = this.#idOf(label);
    this.#idOfFrame[frame] = id;
    return id;
  }

  /** What stands above the stacks of `thread`, outermost first. */
  ofContainers(thread: number): readonly number[] {
    const known = this.#idsOfThread.get(thread);
    if (known !== undefined) return known;
    const { processes, threads } = this.#profile;
    const record = threads[thread];
    const labels: StackLabel[] = [];
    if (record !== undefined && this.#options.threads) {
      this.#threads ??= threadTracks(this.#profile);
      // One thread is one node, also if samples came before its name was known.
      const track = this.#threads.tracks[this.#threads.ofThread[thread] ?? -1];
      labels.push(threadLabel({ ...record, name: track?.name ?? record.name }));
    }
    let process = this.#options.processes ? record?.process : undefined;
    for (let at = processes[process ?? -1]; at !== undefined; at = processes[process]) {
      labels.push(processLabel(at));
      process = at.parent;
    }
    const ids = labels.reverse().map((label) => this.#idOf(label));
    this.#idsOfThread.set(thread, ids);
    return ids;
  }

  #idOf(label: StackLabel): number {
    const known = this.#idOfText.get(label.text);
    if (known !== undefined) return known;
    this.#idOfText.set(label.text, this.labels.length);
    return this.labels.push(label) - 1;
  }
}
