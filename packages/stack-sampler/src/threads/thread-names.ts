import { ABSENT, type Layout } from "@pyspy/cpython-layouts";
import type { Address, LiveProcess, Tid } from "@pyspy/proc-memory";
import { monotonicTime } from "../monotonic-time.js";
import { RemoteDicts } from "../python/remote-dict.js";
import { readText } from "../python/remote-text.js";
import { ThreadObjects } from "./thread-objects.js";

/**
 * Milliseconds after which a name is read again: `thread.name = …` shows within this time, unless there are so many threads
 * that it would take more than a hundredth of the time. Reading one takes 30 µs, so that is from 300 threads on.
 */
const KEPT_FOR = 1000;
const SHARE = 100;
/** Milliseconds until one that was not found is looked for again, which double up to the former. */
const FIRST_PAUSE = 10;
/** Milliseconds after which a thread that nobody asks for is forgotten. */
const FORGOTTEN_AFTER = 10_000;
/** What is longer is cut off. */
const MAX_NAME_LENGTH = 256;

/**
 * The names of a Python's threads: those of their `threading.Thread` objects, else what the operating system calls them.
 *
 * Most questions are answered from memory. A name is read about once a second, threads taking turns. A thread without a
 * name is asked about at growing intervals, as it gets one just after its start, if at all.
 */
export class ThreadNames {
  readonly #process: LiveProcess;
  readonly #layout: Layout;
  readonly #dicts: RemoteDicts;
  readonly #attribute: string;
  readonly #interpreters = new Map<Address, InterpreterNames>();
  #processName: string | undefined;
  #nextSweep = 0;
  /** Milliseconds that it takes to read a name, on the average. */
  #cost = 0;

  constructor(process: LiveProcess, layout: Layout) {
    this.#process = process;
    this.#layout = layout;
    this.#dicts = new RemoteDicts(process.memory, layout);
    // Up to 2.7, where names are byte strings, the attribute is private to the class.
    this.#attribute = layout.unicode.length === ABSENT ? "_Thread__name" : "_name";
  }

  /**
   * The name of a thread, "" if it has none.
   *
   * @param interpreter - address of its interpreter: each has its own `threading`
   * @param pythonId - `threading.get_ident()`, which is used again when a thread has ended
   * @param tid - kernel id as seen from here, 0 if unknown
   * @param now - milliseconds, of any clock that does not go back
   */
  nameOf(interpreter: Address, pythonId: number, tid: Tid, now: number): string {
    let names = this.#interpreters.get(interpreter);
    if (names === undefined) {
      names = {
        objects: new ThreadObjects(this.#process.memory, this.#layout, this.#dicts, interpreter),
        threads: new Map(),
      };
      this.#interpreters.set(interpreter, names);
    }
    let thread = names.threads.get(pythonId);
    if (thread === undefined || thread.tid !== tid) {
      thread = { tid, name: "", since: now, next: now, pause: FIRST_PAUSE, asked: now };
      names.threads.set(pythonId, thread);
    }
    thread.asked = now;
    if (now >= thread.next) this.#update(names, pythonId, thread, now);
    if (now >= this.#nextSweep) this.#sweep(now);
    return thread.name;
  }

  #update({ objects, threads }: InterpreterNames, pythonId: number, thread: NamedThread, now: number): void {
    const start = monotonicTime();
    const isNew = objects.readAt < thread.since;
    if (isNew || objects.of(pythonId) === 0 || now > objects.readAt + KEPT_FOR) objects.refresh(now);
    // A dict that is changed while it is read can lack any of its items, and there may be no second look.
    if (isNew && objects.of(pythonId) === 0) objects.refreshAgain(now);
    // What was read before the thread began may be of the one that had its id.
    const object = objects.readAt < thread.since ? 0 : objects.of(pythonId);
    const name = object === 0 ? undefined : this.#readName(object);
    thread.name = name ?? this.#systemName(thread.tid);
    this.#cost += (monotonicTime() - start - this.#cost) / 100;
    const longest = Math.max(KEPT_FOR, threads.size * this.#cost * SHARE);
    // Not all in the same sample.
    thread.next = now + (name === undefined ? thread.pause : longest * (0.75 + Math.random() / 4));
    thread.pause = name === undefined ? Math.min(longest, thread.pause * 2) : FIRST_PAUSE;
  }

  #readName(object: Address): string | undefined {
    const { memory } = this.#process;
    const address = this.#dicts.attribute(object, this.#attribute);
    return address === undefined
      ? undefined
      : readText(memory, this.#layout, address)?.slice(0, MAX_NAME_LENGTH);
  }

  /** A thread that was given no name has that of the program, which says nothing. */
  #systemName(tid: Tid): string {
    if (tid === 0 || tid === this.#process.pid) return "";
    this.#processName ??= this.#process.threadName(this.#process.pid);
    const name = this.#process.threadName(tid);
    return name === this.#processName ? "" : (name ?? "");
  }

  #sweep(now: number): void {
    this.#nextSweep = now + FORGOTTEN_AFTER;
    // Both can change: a program gives itself another title, and executes another one.
    this.#processName = undefined;
    for (const [interpreter, { threads }] of this.#interpreters) {
      for (const [pythonId, { asked }] of threads) {
        if (asked < now - FORGOTTEN_AFTER) threads.delete(pythonId);
      }
      if (threads.size === 0) this.#interpreters.delete(interpreter);
    }
  }
}

interface InterpreterNames {
  readonly objects: ThreadObjects;
  readonly threads: Map<number, NamedThread>;
}

interface NamedThread {
  readonly tid: Tid;
  name: string;
  /** When it was first asked for. */
  readonly since: number;
  /** When it is looked at again. */
  next: number;
  pause: number;
  asked: number;
}
