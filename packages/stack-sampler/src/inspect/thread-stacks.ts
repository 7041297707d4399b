import { type LiveProcess, openThreadStopper } from "@pyspy/proc-memory";
import { BatchBuilder } from "../intern/batch-builder.js";
import { ROOT } from "../intern/stack-trie.js";
import type { LocalsOptions } from "../locals/locals-reader.js";
import { monotonicTime } from "../monotonic-time.js";
import type { KnownStack } from "../python/known-stack.js";
import type { PythonRuntime } from "../python/python-runtime.js";
import { StackReader } from "../python/stack-reader.js";
import type { ThreadTrack } from "../python/thread-track.js";
import {
  type Nanoseconds,
  type SampleBatch,
  SampleState,
  type ThreadId,
  type ThreadRecord,
} from "../sample-batch.js";
import { type AsyncTask, describeTasks, type FoundTask } from "./async-tasks.js";
import { FrameDetails, framesOf, namesClasses, type StackFrame } from "./frame-details.js";
import { readAtOneMoment } from "./one-moment.js";

/** A thread and its stack at one moment. */
export interface ThreadStack {
  readonly thread: ThreadRecord;
  /** Bits of {@link SampleState}. */
  readonly state: number;
  /** Innermost first. Empty if the thread runs no Python, or could not be read. */
  readonly frames: readonly StackFrame[];
  /** Its stack could not be read. */
  readonly isUnreadable: boolean;
  /** Time on processors since the thread began, as far as the kernel has counted; -1 if that is not known, as in a core. */
  readonly cpuTime: Nanoseconds;
}

export interface InspectOptions {
  /** Also the variables of frames, with these limits. Default: without. */
  readonly locals?: LocalsOptions | undefined;
  /**
   * Read all threads, variables too, as they are at one moment: those that run, and those that wake meanwhile, are stopped. Threads
   * that sleep all the time are left asleep. Default false. Not for cores, which stand still.
   */
  readonly blocking?: boolean;
  /** Also the tasks of `asyncio`. Default false. */
  readonly tasks?: boolean;
}

/** The stacks of all threads of a process, and of what takes turns in them. */
export interface ThreadStacks {
  /** The main interpreter's before those of others, oldest first. */
  readonly stacks: readonly ThreadStack[];
  readonly tasks: readonly AsyncTask[];
  /** Why tasks may be missing, a sentence. */
  readonly taskProblem: string | undefined;
  /** Stacks that could not be read. */
  readonly unreadable: number;
  /** False if nothing could be read any more: the process has ended, or executed another program. */
  readonly isThere: boolean;
  /** How long threads were stopped; 0 if none was. */
  readonly stopped: Nanoseconds;
  /** Threads that should have been stopped and could not be: what is read of them is of moments of their own. */
  readonly unstopped: number;
}

/** Reads the stacks of all threads once, with all that there is to tell of them. */
export async function readThreadStacks(
  process: LiveProcess,
  runtimes: readonly PythonRuntime[],
  { locals, blocking = false, tasks: withTasks = false }: InspectOptions,
): Promise<ThreadStacks> {
  // Most of all that there is to load, for who wants to see it.
  const values = locals && (await import("../locals/locals-reader.js"));
  const methods = runtimes.every(({ layout }) => namesClasses(layout))
    ? undefined
    : await import("../locals/method-classes.js");
  const asyncio = withTasks ? await import("../tasks/task-reader.js") : undefined;
  const builder = new BatchBuilder();
  const { pid, startTime, commandLine } = process;
  const record = builder.addProcess({ pid, startTime, commandLine, parent: -1 });
  const readers = runtimes.map((runtime) => {
    const reader = new StackReader(process, runtime, builder, record, { idle: true, rate: 1 });
    const { layout } = runtime;
    const classes =
      methods && !namesClasses(layout) ? new methods.MethodClasses(process.memory, layout) : undefined;
    const variables = values && new values.LocalsReader(process.memory, layout, locals);
    return { reader, runtime, classes, variables };
  });
  const found = new Map<ThreadId, FoundThread>();
  const tasks: FoundTask[] = [];
  let taskProblem: string | undefined;
  let isThere = false;
  let firstSample = 0;
  /** May be called again: what was read before is forgotten. */
  const readAll = (sample: (reader: StackReader) => boolean): void => {
    firstSample = builder.pendingSamples;
    found.clear();
    tasks.length = 0;
    taskProblem = undefined;
    isThere = false;
    for (const { reader, runtime, classes, variables } of readers) {
      isThere = sample(reader) || isThere;
      const detailsOf = (known: KnownStack): FrameDetails => {
        const details = new FrameDetails(process, runtime.layout, known, classes);
        if (variables !== undefined) details.readLocals(variables);
        return details;
      };
      const records = new Map<ThreadTrack, ThreadId>();
      for (const { record: thread, track } of reader.threads()) {
        records.set(track, thread);
        found.set(thread, {
          details: detailsOf(track.known),
          isActive: track.isActive,
          isUnreadable: track.isUnreadable,
          cpuTime: track.activity?.cpuTime ?? -1,
        });
      }
      if (asyncio === undefined) continue;
      const taskReader = new asyncio.TaskReader(process, runtime, builder, reader.codes);
      const read = taskReader.read(reader.interpreters);
      taskProblem ??= read.problem;
      for (const task of read.tasks) {
        const thread = task.track && records.get(task.track);
        tasks.push({ task, details: detailsOf(task.known), thread });
      }
    }
  };
  const stop = blocking
    ? readAtOneMoment(
        (tid) => openThreadStopper(pid, tid),
        readers.map(({ reader }) => reader),
        () => readAll((reader) => reader.sampleStill(0)),
      )
    : undefined;
  if (stop === undefined) readAll((reader) => reader.sample(0, monotonicTime()));
  for (const { reader } of readers) reader.close();
  const batch = builder.take();
  const stacks = withoutUnbegun(describe(batch, firstSample, found));
  return {
    stacks: stacks.toSorted((a, b) => Number(a.thread.interpreter > 0) - Number(b.thread.interpreter > 0)),
    tasks: describeTasks(batch, tasks),
    taskProblem,
    unreadable: [...found.values()].filter(({ isUnreadable }) => isUnreadable).length,
    isThere,
    stopped: stop?.duration ?? 0,
    unstopped: stop?.unstopped ?? 0,
  };
}

/** A thread that is being started has the id of the one that starts it, until it runs (up to 3.11). */
function withoutUnbegun(stacks: readonly ThreadStack[]): ThreadStack[] {
  const idOf = ({ thread }: ThreadStack): string => `${thread.interpreter} ${thread.pythonId}`;
  const begun = new Set(stacks.filter(({ frames }) => frames.length > 0).map(idOf));
  return stacks.filter((stack) => stack.frames.length > 0 || !begun.has(idOf(stack)));
}

interface FoundThread {
  readonly details: FrameDetails;
  readonly isActive: boolean;
  readonly isUnreadable: boolean;
  readonly cpuTime: Nanoseconds;
}

/** `firstSample` is the first of those that count. */
function describe(
  batch: SampleBatch,
  firstSample: number,
  found: ReadonlyMap<ThreadId, FoundThread>,
): ThreadStack[] {
  const { threads, samples } = batch;
  const rows = new Map(
    [...samples.thread].map((thread, row): [ThreadId, number] => [thread, row]).slice(firstSample),
  );
  return [...found].flatMap(([id, { details, isActive, isUnreadable, cpuTime }]): ThreadStack[] => {
    const thread = threads[id];
    if (thread === undefined) return [];
    const row = rows.get(id);
    if (row === undefined) {
      return [{ thread, state: isActive ? SampleState.active : 0, frames: [], isUnreadable, cpuTime }];
    }
    const frames = framesOf(batch, samples.node[row] ?? ROOT, details);
    return [{ thread, state: samples.state[row] ?? 0, frames, isUnreadable, cpuTime }];
  });
}
