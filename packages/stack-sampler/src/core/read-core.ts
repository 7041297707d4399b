import type { Tid } from "@pyspy/proc-memory";
import type { Discovery, DiscoveryStep } from "../discovery/discovery.js";
import { RuntimeFinder } from "../discovery/runtime-finder.js";
import { describeInspected } from "../inspect/inspect.js";
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
import { checkPlaces } from "./file-places.js";
import type { Core, CoreOptions, CoreThread } from "./open-core.js";
import { endSignalOf } from "./signal-text.js";

/** What `openCore` does. */
export async function readCore(path: string, options: CoreOptions): Promise<Core> {
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
