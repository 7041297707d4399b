import { chmodSync, rmSync, unlinkSync } from "node:fs";
import {
  type FormatOptions,
  type FormatWriter,
  type ProfileMetadata,
  profileFormats,
  RecordingFile,
  RecordingWriter,
  readRecording,
  type SampleBatch,
  SampleState,
} from "@pyspy/flamegraph";
import type { Format } from "../formats.js";
import { explained, type OutputFile, openOutput, partialPath } from "../output-file.js";
import { timedPath } from "../output-name.js";
import type { Rotation } from "../record-arguments.js";
import { LiveCopy } from "./live-copy.js";

/** What is made of what is recorded, and where it goes. */
export interface RecordingPlan {
  readonly path: string;
  /** Somebody has asked for this very path. */
  readonly isNamed: boolean;
  readonly format: Format;
  readonly options: FormatOptions;
  readonly rotation: Rotation | undefined;
}

/**
 * What is sampled, as a file from the first batch on, so that it takes no memory however long it goes on.
 *
 * A profile in the recording format is this file itself, under its own name as soon as there is a sample: whatever becomes of
 * pyspy, what was written can be read. Standard output gets a copy of it as it grows. For any other format the file is private
 * to this process and has no name, and the profile is made of it at the end.
 */
export class RunningRecording implements Disposable {
  readonly #plan: RecordingPlan;
  /** Loaded when sampling has begun: until then there is nothing to write, and everybody waits. */
  #write: FormatWriter = () => [];
  readonly #isOutput: boolean;
  #output: OutputFile;
  #file: RecordingFile | undefined;
  #writer: RecordingWriter | undefined;
  /** `performance.now()` when the current file began. */
  #began = 0;
  /** Files that were written before the current one. */
  readonly #earlier: string[] = [];
  #removed = 0;
  /** Of the file, where it is itself the output. */
  #path: string | undefined;
  /** Where it is standard output that is to have it. */
  #copy: LiveCopy | undefined;
  /** Stacks that can be shown, in all files. */
  samples = 0;

  /** @throws {CommandError} `output`, if the profile could not be written where it is wanted */
  constructor(plan: RecordingPlan) {
    this.#plan = plan;
    this.#output = nextOutput(plan);
    this.#isOutput = plan.format === "pyspy";
  }

  /** What was written last, for a message. */
  get name(): string {
    return this.#output.name;
  }

  /** All that was written, for a message. */
  get names(): string {
    const { length } = this.#earlier;
    const others = length === 0 ? "" : ` and ${length === 1 ? "the file" : `the ${length} files`} before it`;
    const removed = this.#removed === 0 ? "" : `, without ${this.#removed} older, which are removed`;
    return `${this.name}${others}${removed}`;
  }

  /**
   * Has to be called before anything is added.
   *
   * @throws {CommandError} `output`
   */
  async begin(metadata: ProfileMetadata): Promise<void> {
    this.#write = await profileFormats[this.#plan.format].load();
    const file = this.#create();
    this.#file = file;
    this.#writer = explained(this.name, () => new RecordingWriter((bytes) => file.append(bytes), metadata));
    if (this.#isOutput && this.#plan.path === "-") this.#copy = new LiveCopy(() => file.source());
    this.#copy?.advance();
  }

  /**
   * @returns false if it is standard output and nobody reads it any more
   * @throws {CommandError} `output`: what was added before is kept
   */
  add(batch: SampleBatch): boolean {
    explained(this.name, () => this.#writer?.add(batch));
    for (const state of batch.samples.state) if ((state & SampleState.torn) === 0) this.samples += 1;
    this.#copy?.advance();
    return this.#copy?.isRead ?? true;
  }

  /** Begins the next file, if it is time to. False if nobody reads the last one any more. */
  rotate(duration: number): boolean {
    const { rotation } = this.#plan;
    const isDue = rotation !== undefined && performance.now() - this.#began >= rotation.seconds * 1000;
    if (!isDue || this.#writer === undefined) return true;
    const last = this.#file;
    const lastOutput = this.#output;
    this.#output = nextOutput(this.#plan);
    const file = this.#create();
    this.#file = file;
    explained(this.name, () => this.#writer?.continueIn((bytes) => file.append(bytes), duration));
    const isRead = last === undefined || this.#deliver(last, lastOutput);
    last?.close();
    this.#earlier.push(lastOutput.name);
    while (rotation.keep !== undefined && this.#earlier.length >= rotation.keep) {
      rmSync(this.#earlier.shift() ?? "", { force: true });
      this.#removed += 1;
    }
    return isRead;
  }

  /**
   * Writes what there is by now as a file of its own, and says which.
   *
   * @throws {CommandError} `output`
   */
  snapshot(): string | undefined {
    const { path, format } = this.#plan;
    const { extension, text } = profileFormats[format];
    if (this.#file === undefined) return undefined;
    const name = path === "-" ? `profile.${extension}` : path;
    const output = openOutput(timedPath(name, extension, new Date(), "snapshot-"), text, extension);
    output.write(this.#write(readRecording(this.#file.source()).profile(), this.#plan.options));
    return output.name;
  }

  /**
   * Ends the recording and writes the profile.
   *
   * @returns false if it is standard output and nobody reads it any more
   * @throws {CommandError} `output`
   */
  async finish(metadata: ProfileMetadata, duration: number): Promise<boolean> {
    const file = this.#file;
    if (file === undefined) return true;
    try {
      explained(this.name, () => {
        this.#writer?.setMetadata(metadata);
        this.#writer?.end(duration);
      });
    } catch (error) {
      // A profile is made also of a recording without an end; one that is itself the profile lacks it.
      if (this.#isStreamed(this.#output)) throw error;
    }
    if (this.#copy !== undefined) return this.#copy.finish();
    return this.#deliver(file, this.#output);
  }

  /** No longer waits for a reader of standard output who does not read. */
  hurry(): void {
    this.#copy?.hurry();
  }

  /** Takes back what was begun and has nothing in it. */
  discard(): void {
    if (this.#path !== undefined) rmSync(this.#path, { force: true });
  }

  [Symbol.dispose](): void {
    this.#copy?.[Symbol.dispose]();
    this.#copy = undefined;
    this.#file?.close();
    this.#file = undefined;
  }

  #isStreamed({ target }: OutputFile): boolean {
    return this.#isOutput && target !== undefined;
  }

  #create(): RecordingFile {
    this.#began = performance.now();
    const output = this.#output;
    return explained(output.name, () => {
      const path = partialPath(output.folder);
      const { target } = output;
      if (target === undefined || !this.#isStreamed(output)) {
        const file = new RecordingFile(path, 0o600);
        unlinkSync(path);
        return file;
      }
      const file = new RecordingFile(path, 0o666);
      if (target.mode !== undefined) chmodSync(path, target.mode & 0o777);
      this.#path = target.take(path);
      return file;
    });
  }

  #deliver(file: RecordingFile, output: OutputFile): boolean {
    if (this.#isStreamed(output)) return true;
    return output.write(this.#write(readRecording(file.source()).profile(), this.#plan.options));
  }
}

/** The file that begins now. */
function nextOutput({ path, isNamed, format, rotation }: RecordingPlan): OutputFile {
  const { extension, text } = profileFormats[format];
  if (rotation !== undefined) return openOutput(timedPath(path, extension, new Date()), text, extension);
  return openOutput(path, text, isNamed ? undefined : extension);
}
