import type { MappedFile, Pid, Tid } from "@pyspy/proc-memory";
import type { Discovery, DiscoveryStep } from "../discovery/discovery.js";
import { RuntimeFinder } from "../discovery/runtime-finder.js";
import type { AsyncTask } from "../inspect/async-tasks.js";
import { describeInspected, type InspectedPython } from "../inspect/inspect.js";
import {
  type InspectOptions,
  readThreadStacks,
  type ThreadStack,
  type ThreadStacks,
} from "../inspect/thread-stacks.js";
import type { PythonRuntime } from "../python/python-runtime.js";
import { SamplerError } from "../sampler-error.js";
import { CoreProcess } from "./core-process.js";
import { type CoreSource, openCoreSource } from "./core-source.js";
import { warningsOf } from "./core-warnings.js";
import { checkPlaces, type FilePlaces } from "./file-places.js";
import { type EndSignal, endSignalOf } from "./signal-text.js";

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
  checkPlaces(options);
  const source = await openCoreSource(path);
  const process = new CoreProcess(source.file, source.core, options);
  const close = () => {
    process.close();
    source.file.close();
  };
  try {
    const content = await readContent(source, process, options);
    const { pid, executable, commandLine } = process;
    const signal = endSignalOf(source.core.signal, pid);
    return {
      ...{
        path,
        pid,
        executable,
        commandLine,
        signal,
        lacksNotes: source.core.process === undefined && source.core.threads.length === 0,
      },
      ...{
        pythons: content.runtimes.map(describeInspected),
        steps: content.steps,
        problem: source.loss ?? content.problem,
      },
      threads: allThreads(source, content.read?.stacks ?? [], signal !== undefined),
      tasks: content.read?.tasks ?? [],
      warnings: warningsOf(source, process, options, content),
      openFile: (path) => process.openFile(path),
      close,
      [Symbol.dispose]: close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** What was found in a core. */
export interface Content {
  readonly runtimes: readonly PythonRuntime[];
  readonly steps: readonly DiscoveryStep[];
  readonly problem: SamplerError | undefined;
  readonly read: ThreadStacks | undefined;
}

/** What the layouts of objects are known for. */
const ARCHITECTURES: ReadonlySet<string> = new Set(["x86-64", "x86"]);

async function readContent(
  { path, core }: CoreSource,
  process: CoreProcess,
  options: InspectOptions,
): Promise<Content> {
  if (!ARCHITECTURES.has(core.architecture)) {
    const machine =
      core.architecture === "other" ? "a machine that is not known" : `an ${core.architecture} machine`;
    const problem = new SamplerError(
      "unsupported-core",
      `Cannot read stacks in core file ${path}: it is of ${machine}, only those of x86-64 and x86 can be read`,
    );
    return { runtimes: [], steps: [], problem, read: undefined };
  }
  const discovery = await new RuntimeFinder(process).findAll();
  if (discovery.kind !== "found") {
    const problem = problemOf(path, process, discovery);
    return { runtimes: [], steps: discovery.steps, problem, read: undefined };
  }
  const { runtimes, steps } = discovery;
  const read = await readThreadStacks(process, runtimes, options);
  return { runtimes, steps, problem: undefined, read };
}

function problemOf(
  path: string,
  { pid, executable }: CoreProcess,
  discovery: Exclude<Discovery, { kind: "found" }>,
): SamplerError {
  const facts = { pid, ...(executable !== undefined && { executable }) };
  const action = `Cannot read stacks in core file ${path}`;
  const program = executable ?? `process ${pid}`;
  if (discovery.kind === "unsupported") {
    const message = `${action}: ${program} has a Python that is not supported: ${discovery.reason}`;
    return new SamplerError("unsupported-python", message, { ...facts, cause: discovery.cause });
  }
  if (discovery.kind === "absent") {
    return new SamplerError("not-python", `${action}: no Python was found in ${program}`, facts);
  }
  const message = `${action}: the Python in ${program} has no interpreter with a thread that can be read`;
  return new SamplerError("not-started", message, facts);
}

/**
 * Python's threads with the kernel's ids, and the others. A thread is known by the place of its thread-local storage, which is what
 * Python calls it; what Python itself knows of the kernel's ids is from inside of the pid namespace, and only from 3.11 on.
 */
function allThreads({ core }: CoreSource, stacks: readonly ThreadStack[], hasSignal: boolean): CoreThread[] {
  const byPointer = new Map(core.threads.map(({ threadPointer, tid }) => [threadPointer, tid]));
  const signalled = hasSignal ? core.threads[0]?.tid : undefined;
  const threads = stacks.map((stack): CoreThread => {
    const tid = byPointer.get(stack.thread.pythonId) ?? stack.thread.tid;
    return { ...stack, thread: { ...stack.thread, tid }, isSignalled: tid !== 0 && tid === signalled };
  });
  const known = new Set<Tid>(threads.map(({ thread }) => thread.tid));
  for (const { tid } of core.threads) {
    if (known.has(tid)) continue;
    const thread = { process: 0, tid, pythonId: 0, name: "", interpreter: 0 };
    // Where no thread of Python's is known, any of them may run Python.
    const isUnreadable = stacks.length === 0;
    threads.push({ thread, state: 0, frames: [], isUnreadable, cpuTime: -1, isSignalled: tid === signalled });
  }
  return threads;
}
