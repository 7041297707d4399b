import type { AsyncioDebug } from "@pyspy/cpython-layouts";
import type { Address, ProcessView } from "@pyspy/proc-memory";
import type { BatchBuilder } from "../intern/batch-builder.js";
import { ROOT } from "../intern/stack-trie.js";
import { ObjectReader } from "../locals/object-reader.js";
import { PythonTypes } from "../locals/python-type.js";
import { type CodeCache, HIDDEN } from "../python/code-cache.js";
import { KnownStack } from "../python/known-stack.js";
import { moduleNames, modulesOf } from "../python/module-names.js";
import { PagedMemory } from "../python/paged-memory.js";
import type { PythonRuntime } from "../python/python-runtime.js";
import { RemoteDicts } from "../python/remote-dict.js";
import { TargetWords } from "../python/target-words.js";
import type { InterpreterTrack } from "../python/thread-list.js";
import type { ThreadTrack } from "../python/thread-track.js";
import type { FrameId, NodeId } from "../sample-batch.js";
import { findAsyncioTable } from "./asyncio-table.js";
import { awaitingTasks } from "./awaiting.js";
import {
  type CoroutineChain,
  type CoroutineFrame,
  isSameChain,
  isSameFrames,
  readChain,
} from "./coroutine-chain.js";
import { FutureObjects, type TaskObject } from "./future-object.js";
import { type Greenlet, readGreenlets } from "./greenlets.js";
import { runningLoops } from "./running-loops.js";
import { listTasks } from "./task-lists.js";

/**
 * What a task does: it runs, will run when its turn comes, waits for something, or has not begun to run.
 */
export type TaskState = "running" | "ready" | "waiting" | "new";

/** A task that is not done yet, and its stack: the chain of its coroutines, as of a thread that calls them. Or a greenlet. */
export interface TaskStack {
  readonly kind: "task" | "greenlet";
  readonly address: Address;
  /** "" if it has none: up to 3.7 tasks have no names. */
  readonly name: string;
  readonly state: TaskState;
  /** The thread that runs its event loop; undefined if none does now. */
  readonly track: ThreadTrack | undefined;
  /** Where its frames are and what they run, with their nodes. */
  readonly known: KnownStack;
  /** Its stack. */
  readonly node: NodeId;
  /** False if it ran while it was read. */
  readonly isGood: boolean;
  /** Addresses of the tasks that wait for it; of a greenlet, that of its parent. */
  readonly awaitedBy: readonly Address[];
}

export interface TaskStacks {
  readonly tasks: readonly TaskStack[];
  /** Why tasks may be missing, a sentence; undefined if none is. */
  readonly problem: string | undefined;
}

/** Bytes that reading all tasks may take, and what each of them may. */
const ALLOWANCE = 2 ** 32;
/** A task that runs while it is read is read so often. */
const ATTEMPTS = 4;

/** Reads the tasks of `asyncio` of one Python, as often as it is asked to. */
export class TaskReader {
  readonly #process: ProcessView;
  readonly #runtime: PythonRuntime;
  readonly #builder: BatchBuilder;
  readonly #codes: CodeCache;
  readonly #memory: PagedMemory;
  readonly #objects: ObjectReader;
  readonly #words: TargetWords;
  readonly #dicts: RemoteDicts;
  /** Looked for once, when asyncio is there; null if it has none. */
  #table: AsyncioDebug | null | undefined;

  /** `codes` and `builder` are those that stacks of threads are read with. */
  constructor(process: ProcessView, runtime: PythonRuntime, builder: BatchBuilder, codes: CodeCache) {
    this.#process = process;
    this.#runtime = runtime;
    this.#builder = builder;
    this.#codes = codes;
    this.#memory = new PagedMemory(process.memory);
    this.#objects = new ObjectReader(this.#memory, runtime.layout);
    this.#words = new TargetWords(this.#memory, runtime.layout.pointerSize);
    this.#dicts = new RemoteDicts(this.#memory, runtime.layout);
  }

  /** Reads all tasks that are not done. Best after the stacks of the threads, which have those that run. */
  read(interpreters: readonly InterpreterTrack[]): TaskStacks {
    this.#objects.allowance = ALLOWANCE;
    this.#memory.forget();
    this.#dicts.forget();
    const found = interpreters.map((interpreter) => this.#readInterpreter(interpreter));
    return {
      tasks: found.flatMap(({ tasks }) => tasks),
      problem: found.find(({ problem }) => problem !== undefined)?.problem,
    };
  }

  /**
   * What a task that was read before is called now; undefined if it is gone, or has another coroutine. One that has come to be in
   * its place, with its coroutine in that one's place, is told by its own name.
   */
  nameNow({ kind, address, name, known }: TaskStack): string | undefined {
    if (kind !== "task") return name;
    this.#objects.allowance = ALLOWANCE;
    this.#memory.forget();
    this.#dicts.forget();
    const types = new PythonTypes(this.#objects);
    const table = this.#table ?? undefined;
    const futures = new FutureObjects(this.#objects, types, this.#dicts, table?.task);
    const now = this.#readTask(address, types, futures);
    return now?.chain.frames[0]?.address === known.addresses[0] ? now?.task.name : undefined;
  }

  #readInterpreter(interpreter: InterpreterTrack): TaskStacks {
    const modules = modulesOf(this.#words, this.#runtime.layout, interpreter.address);
    const { tasks, problem } = this.#readTasks(interpreter, modules);
    const hasGreenlets = this.#dicts.item(modules, "greenlet") !== undefined;
    return { tasks: hasGreenlets ? [...tasks, ...this.#readGreenlets(interpreter)] : tasks, problem };
  }

  #readGreenlets(interpreter: InterpreterTrack): TaskStack[] {
    const objects = this.#objects;
    const read = (): Greenlet[] => {
      this.#memory.forget();
      const types = new PythonTypes(objects);
      return readGreenlets(objects, types, this.#runtime, interpreter, this.#process.maps());
    };
    const greenlets = read();
    const frames = greenlets.map((one) => this.#frameIds(one.frames));
    const again = new Map(read().map((one) => [one.address, one]));
    return greenlets.map((one, index): TaskStack => {
      const { address, name, state, track, parent } = one;
      const other = again.get(address);
      const running = state === "running" ? track && framesIn(track, 0) : undefined;
      return {
        ...{ kind: "greenlet", address, name, state, track },
        ...(running === undefined ? this.#stackOf(one.frames, frames[index] ?? []) : this.#stackOf(running)),
        isGood: other !== undefined && other.state === state && isSameFrames(one.frames, other.frames),
        awaitedBy: parent === 0 ? [] : [parent],
      };
    });
  }

  #readTasks(interpreter: InterpreterTrack, modules: Address): TaskStacks {
    const { layout } = this.#runtime;
    const names = moduleNames(this.#words, this.#dicts, layout, modules, "asyncio.tasks");
    if (names === undefined) return { tasks: [], problem: undefined };
    this.#table ??= findAsyncioTable(this.#process, this.#runtime.image) ?? null;
    const table = this.#table ?? undefined;
    const types = new PythonTypes(this.#objects);
    const futures = new FutureObjects(this.#objects, types, this.#dicts, table?.task);

    const listed = listTasks(this.#objects, types, this.#dicts, interpreter, names, table);
    const pending = new Map<Address, PendingTask>();
    for (const address of listed ?? []) {
      const task = this.#readTask(address, types, futures);
      if (task !== undefined) pending.set(address, task);
    }
    const tasks = new Map([...pending].map(([address, { task }]) => [address, task]));
    const awaiting = awaitingTasks(tasks, futures);
    const loops = new Set([...tasks.values()].map(({ loop }) => loop));
    const running = runningLoops(this.#objects, types, this.#dicts, interpreter.threads, loops);
    this.#verify(pending, types, futures);
    return {
      tasks: [...pending].map(([address, one]) =>
        this.#describe(one, interpreter, running.get(one.task.loop), awaiting.get(address) ?? []),
      ),
      problem: this.#problem(modules, listed !== undefined),
    };
  }

  /** Undefined if it is done, or none. */
  #readTask(address: Address, types: PythonTypes, futures: FutureObjects): PendingTask | undefined {
    const task = futures.task(address);
    if (task === undefined) return undefined;
    const chain = readChain(this.#objects, types, task.coroutine);
    if (chain.state === "finished") return undefined;
    return { task, chain, frames: this.#frameIds(chain.frames), isGood: false };
  }

  /** Reads all of them again: those that are as they were have not run in between, and are believed. The others are read anew. */
  #verify(pending: Map<Address, PendingTask>, types: PythonTypes, futures: FutureObjects): void {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      this.#memory.forget();
      let isDone = true;
      for (const [address, known] of pending) {
        if (known.isGood) continue;
        const again = this.#readTask(address, types, futures);
        const isGood = again !== undefined && isSameTask(known, again);
        if (again === undefined) pending.delete(address);
        else pending.set(address, { ...again, isGood });
        isDone &&= isGood;
      }
      if (isDone) return;
    }
  }

  #describe(
    { task, chain, frames, isGood }: PendingTask,
    { threads }: InterpreterTrack,
    track: ThreadTrack | undefined,
    awaitedBy: readonly Address[],
  ): TaskStack {
    const { address, name } = task;
    const runner = chain.state === "executing" ? runningIn(threads, chain) : undefined;
    return {
      ...{ kind: "task", address, name, awaitedBy },
      ...(runner === undefined ? this.#stackOf(chain.frames, frames) : this.#stackOf(runner.frames)),
      state: stateOf(task, chain),
      track: runner?.track ?? track,
      isGood: isGood && (chain.state !== "executing" || runner !== undefined),
    };
  }

  #frameIds(frames: readonly CoroutineFrame[]): FrameId[] {
    return frames.map(({ code, instruction }) =>
      code === 0 ? HIDDEN : this.#codes.frame(code, instruction),
    );
  }

  #stackOf(
    frames: readonly CoroutineFrame[],
    ids: readonly FrameId[] = this.#frameIds(frames),
  ): { readonly known: KnownStack; readonly node: NodeId } {
    const known = new KnownStack();
    let node = ROOT;
    for (const [position, { address, code, instruction }] of frames.entries()) {
      const id = ids[position] ?? HIDDEN;
      if (id !== HIDDEN) node = this.#builder.node(node, id);
      known.set(position, address, code, instruction, node);
      known.depth = position + 1;
    }
    return { known, node };
  }

  /** Without `_asyncio` all tasks are written in Python, and have been found. */
  #problem(modules: Address, areListed: boolean): string | undefined {
    const isTableMissing = this.#runtime.layout.asyncioTask.hasTable && this.#table === null;
    if (areListed && !isTableMissing) return undefined;
    if (areListed && this.#dicts.item(modules, "_asyncio") === undefined) return undefined;
    const reason = isTableMissing
      ? "its library, which tells where they are, cannot be read"
      : "this version does not tell where they are";
    return `The tasks of asyncio cannot be found: ${reason}`;
  }
}

interface PendingTask {
  readonly task: TaskObject;
  readonly chain: CoroutineChain;
  readonly frames: readonly FrameId[];
  readonly isGood: boolean;
}

function isSameTask(left: PendingTask, right: PendingTask): boolean {
  return (
    left.task.coroutine === right.task.coroutine &&
    left.task.awaited === right.task.awaited &&
    isSameChain(left.chain, right.chain)
  );
}

function stateOf({ awaited }: TaskObject, { state }: CoroutineChain): TaskState {
  if (state === "executing") return "running";
  if (state === "created") return "new";
  return awaited === 0 ? "ready" : "waiting";
}

/** The thread that runs a chain, with the frames from its outermost one on: a coroutine that runs does not say what it calls. */
function runningIn(
  threads: readonly ThreadTrack[],
  { frames: [outermost] }: CoroutineChain,
): { readonly track: ThreadTrack; readonly frames: readonly CoroutineFrame[] } | undefined {
  if (outermost === undefined) return undefined;
  for (const track of threads) {
    const { addresses, depth } = track.known;
    const first = addresses.subarray(0, depth).lastIndexOf(outermost.address);
    if (first >= 0) return { track, frames: framesIn(track, first) };
  }
  return undefined;
}

/** The frames of a thread's stack from one of them on. */
function framesIn({ known }: ThreadTrack, first: number): CoroutineFrame[] {
  const { addresses, codes, instructions, depth } = known;
  return Array.from({ length: depth - first }, (_, index): CoroutineFrame => {
    const at = first + index;
    return { address: addresses[at] ?? 0, code: codes[at] ?? 0, instruction: instructions[at] ?? 0 };
  });
}
