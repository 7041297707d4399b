import type { MappedFile, Pid } from "@pyspy/proc-memory";
import type { DiscoveryStep } from "../discovery/discovery.js";
import type { AsyncTask } from "../inspect/async-tasks.js";
import type { InspectedPython } from "../inspect/inspect.js";
import type { InspectOptions, ThreadStack } from "../inspect/thread-stacks.js";
import type { SamplerError } from "../sampler-error.js";
import type { FilePlaces } from "./file-places.js";
import type { EndSignal } from "./signal-text.js";

/** A process as it was when its core file was written. */
export interface Core extends Disposable {
  readonly path: string;
  readonly pid: Pid;
  /** Path of the program as the process's system knew it. */
  readonly executable: string | undefined;
  /** The command line, one string an argument. */
  readonly commandLine: readonly string[];
  /** What ended it; undefined if the core was taken of a process that went on, or {@link lacksNotes}. */
  readonly signal: EndSignal | undefined;
  /** It has lost what names its process and threads: `pid` is 0, and only stacks that memory leads to are known. */
  readonly lacksNotes: boolean;
  /** The Pythons in it. */
  readonly pythons: readonly InspectedPython[];
  /** Python's threads, oldest first, and then the others, which have no frames. */
  readonly threads: readonly CoreThread[];
  /** Tasks of `asyncio` that were not done, if they were asked for. */
  readonly tasks: readonly AsyncTask[];
  /** Every look for a Python, in order. */
  readonly steps: readonly DiscoveryStep[];
  /** What was not as it should be and may be why something is missing, a sentence each. */
  readonly warnings: readonly string[];
  /** Why stacks are missing: `not-python`, `unsupported-python`, `not-started`, `unsupported-core` or `incomplete-core`. */
  readonly problem: SamplerError | undefined;
  /** Opens a file as the process knew it, found on this machine; undefined if it cannot be had. The caller closes it. */
  openFile(path: string): MappedFile | undefined;
  /** Closes the core and the binaries; what is told here stays. */
  close(): void;
}

export interface CoreOptions extends FilePlaces, InspectOptions {}

export interface CoreThread extends ThreadStack {
  /** The signal that ended the process was this thread's. */
  readonly isSignalled: boolean;
}

/**
 * Takes the stacks out of a core file: no process, no privileges and no particular system are needed. It may be one of the
 * kernel's or of gdb's (`gcore`), compressed with gzip or (where Node can) zstd. What the core leaves out is read in the binaries
 * that the process had mapped, which `options` tell where to find if they are not where they were.
 *
 * Rejects with {@link SamplerError}: `unreadable-core`, `not-a-core`, and `unusable-file` if what `options` name cannot be
 * used. A core that is cut off, or of another machine, or without a Python is told as far as it goes: see
 * {@link Core.problem} and {@link Core.warnings}.
 *
 * ```ts
 * using core = await openCore("core.1234");
 * console.log(core.signal?.name, core.signal?.reason);
 * for (const { thread, frames } of core.threads) {
 *   console.log(thread.tid, frames.map((frame) => `${frame.function.name}:${frame.line}`).join(" < "));
 * }
 * ```
 */
export async function openCore(path: string, options: CoreOptions = {}): Promise<Core> {
  // What reads cores is loaded for them alone.
  const { readCore } = await import("./read-core.js");
  return readCore(path, options);
}
