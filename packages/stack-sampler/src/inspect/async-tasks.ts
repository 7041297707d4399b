import type { SampleBatch, ThreadId, ThreadRecord } from "../sample-batch.js";
import type { TaskStack, TaskState } from "../tasks/task-reader.js";
import { type FrameDetails, framesOf, type StackFrame } from "./frame-details.js";

/** A task of `asyncio` that is not done, or a greenlet that is not dead, at one moment. */
export interface AsyncTask {
  readonly kind: "task" | "greenlet";
  /**
   * "" if it has none: up to 3.7 tasks have no names. That of a greenlet is "main" if its thread began with it, or its class if
   * it is no plain one.
   */
  readonly name: string;
  /** Address of its object. */
  readonly address: number;
  /** It runs, will run when its turn comes, waits for something, or has not begun to run. */
  readonly state: TaskState;
  /** The thread that runs its event loop, or switches to the greenlet; undefined if none does. */
  readonly thread: ThreadRecord | undefined;
  /** The chain of its coroutines, innermost first; of one that runs, also what these call. */
  readonly frames: readonly StackFrame[];
  /** It ran while it was read, and its frames may be of different moments. */
  readonly changed: boolean;
  /** The tasks that wait for it, or the greenlet's parent, by their places in the list of all. */
  readonly awaitedBy: readonly number[];
}

/** A task that was read, of which the records are in a batch to come. */
export interface FoundTask {
  readonly task: TaskStack;
  readonly details: FrameDetails;
  readonly thread: ThreadId | undefined;
}

export function describeTasks(batch: SampleBatch, found: readonly FoundTask[]): AsyncTask[] {
  const places = new Map(found.map(({ task }, place) => [task.address, place]));
  return found.map(({ task, details, thread }) => ({
    kind: task.kind,
    name: task.name,
    address: task.address,
    state: task.state,
    thread: thread === undefined ? undefined : batch.threads[thread],
    frames: framesOf(batch, task.node, details),
    changed: !task.isGood,
    awaitedBy: task.awaitedBy.flatMap((address) => places.get(address) ?? []),
  }));
}
