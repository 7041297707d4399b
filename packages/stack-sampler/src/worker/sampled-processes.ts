import { basename } from "node:path";
import { type ExitStatus, type LiveProcess, openProcess, type Pid, sharesMemory } from "@pyspy/proc-memory";
import { monotonicTime } from "../monotonic-time.js";
import type { Nanoseconds, ProcessId } from "../sample-batch.js";
import type { OtherProcess, PythonDescription } from "../sampler.js";
import type { SamplerError } from "../sampler-error.js";
import { samplerErrorOf } from "../sampler-error-of.js";
import { type TreeProcess, TreeWatch } from "../tree/tree-watch.js";
import type { SessionOrder } from "./protocol.js";
import { attachPatience, LONGEST_PAUSE, PAUSE_GROWTH, type Patience } from "./python-wait.js";
import { SampledProcess, type Search, type SharedSampling } from "./sampled-process.js";

const NO_PARENT = -1;
/** How often it is asked what has begun: of a process of 50 ms, a twenty-fifth is missed on average. */
const WATCH_MILLISECONDS = 4;
/** What shows no Python is looked at after a fifth of the time that it has been there, a few times a second at last. */
const MEMBER_GROWTH = 1.2;
const MEMBER_LONGEST_PAUSE = 250;
/** For so long the sampling does not end because of a process that may be about to become a Python. */
const HOPE_MILLISECONDS = 200;
/** Looks of one round take no longer, but for the last: what has been found wants to be sampled, and may not live for long. */
const LOOKS_MILLISECONDS = 1;
/** Of so many names it is told how many processes had them. */
const MOST_NAMES = 1000;
const FOREVER: Patience = { absent: Number.POSITIVE_INFINITY, starting: Number.POSITIVE_INFINITY };

/** The processes that were named. */
export interface SampledRoots {
  readonly processes: readonly LiveProcess[];
  /** Why others of them could not be opened. */
  readonly problems: readonly SamplerError[];
}

/** A process and what is known of it beside the sampling. */
interface Member {
  readonly pid: Pid;
  readonly startTime: number;
  readonly parent: Member | undefined;
  /** As it was when it was seen last. */
  name: string | undefined;
  commandLine: readonly string[];
  /** Its description, if there is one. */
  record: ProcessId | undefined;
  /** Undefined when it has ended. */
  sampling: SampledProcess | undefined;
  problem: SamplerError | undefined;
  hasPython: boolean;
}

/** All that is sampled in one run: the processes that were named and, if that is asked for, whatever they start. */
export class SampledProcesses {
  readonly #shared: SharedSampling;
  readonly #order: SessionOrder;
  readonly #first: LiveProcess | undefined;
  readonly #roots: readonly Member[];
  /** What may become a Python or is one. */
  #active: Member[] = [];
  #sampled: readonly SampledProcess[] = [];
  readonly #members = new Map<Pid, Member>();
  readonly #watch: TreeWatch | undefined;
  #nextWatch = 0;
  readonly #others = new Map<
    string,
    { readonly name: string | undefined; count: number; readonly reason: string | undefined }
  >();
  readonly #costs = { read: { calls: 0, bytes: 0 }, lookCalls: 0, turns: 1 };
  /** When {@link look} has something to do, by {@link monotonicTime}. */
  nextLook = 0;
  /** The Python that was found last. */
  python: PythonDescription | undefined;
  /** How many processes with a Python there were. */
  pythons = 0;

  constructor({ processes, problems }: SampledRoots, order: SessionOrder, shared: SharedSampling) {
    this.#order = order;
    this.#shared = shared;
    this.#first = processes[0];
    this.#roots = processes.map((process) =>
      this.#add(process, undefined, {
        patience: this.#rootPatience(process),
        growth: PAUSE_GROWTH,
        longestPause: LONGEST_PAUSE,
      }),
    );
    for (const { pid, message } of problems) this.#note(`process ${pid}`, message);
    if (order.subprocesses) this.#watch = new TreeWatch(processes.map(({ pid }) => pid));
  }

  /** Those that have a Python now. */
  get sampled(): readonly SampledProcess[] {
    return this.#sampled;
  }

  /** Looks at what is due. False if there is nothing to wait for any more. */
  async look(): Promise<boolean> {
    if (this.#watch !== undefined && monotonicTime() >= this.#nextWatch) this.#welcomeBegun();
    const start = monotonicTime();
    for (const member of dueOf(this.#active)) {
      const { sampling } = member;
      if (sampling === undefined) continue;
      if (monotonicTime() - start > LOOKS_MILLISECONDS) break;
      if (sampling.state === "looking") see(member, sampling.process);
      await sampling.look();
      if (sampling.state === "sampled") this.#count(member, sampling);
      else if (sampling.state === "ended") this.#bury(member, sampling);
    }
    this.#active = this.#active.filter(({ sampling }) => sampling !== undefined);
    this.#sampled = this.#active.flatMap(({ sampling }) => (sampling?.state === "sampled" ? [sampling] : []));
    // The last one may have left something behind since it was asked what has begun.
    const isHopeful = this.#active.some((member) => this.#isHopeful(member)) || this.#welcomeBegun();
    this.#planLook();
    return isHopeful;
  }

  /** Samples those that have a Python, as {@link SampledProcess.sample} does. */
  sample(time: Nanoseconds, now: number): void {
    for (const sampling of this.#sampled) {
      sampling.sample(time, now);
      this.nextLook = Math.min(this.nextLook, sampling.nextLook);
    }
  }

  /** Has what is gone be found out. */
  checkAlive(): void {
    for (const sampling of this.#sampled) if (!sampling.process.isAlive()) sampling.nextLook = 0;
    this.#planLook();
  }

  #planLook(): void {
    this.nextLook = this.#watch === undefined ? Number.POSITIVE_INFINITY : this.#nextWatch;
    for (const { sampling } of this.#active)
      if (sampling !== undefined) this.nextLook = Math.min(this.nextLook, sampling.nextLook);
  }

  /** See {@link SampledProcess.letGo}. */
  letGo(): boolean {
    let isLate = false;
    for (const sampling of this.#sampled) isLate = sampling.letGo() || isLate;
    return isLate;
  }

  /** Nothing more is sampled. */
  close(): void {
    for (const member of this.#active) if (member.sampling !== undefined) this.#bury(member, member.sampling);
    this.#active = [];
    this.#watch?.close();
  }

  /** Why what was asked for failed. Among several processes one that fails is told about, but does not make all fail. */
  get problem(): SamplerError | undefined {
    if (!this.#isOnlyOne && this.python !== undefined) return undefined;
    return this.#roots.find(({ problem }) => problem !== undefined)?.problem;
  }

  /** What becomes of it is what becomes of all. */
  get #isOnlyOne(): boolean {
    return this.#roots.length === 1 && this.#watch === undefined;
  }

  /** How the first process has exited, if that is known. */
  get exitStatus(): ExitStatus | undefined {
    return this.#first?.exitStatus();
  }

  /** Processes that could not be sampled. */
  get others(): readonly OtherProcess[] {
    return [...this.#others.values()];
  }

  /** What sampling has taken, when it is over. */
  get costs(): SampledProcess["costs"] {
    return this.#costs;
  }

  /** A program that we launched is ours to wait for; what we attach to should be a Python already, or have started one. */
  #rootPatience(process: LiveProcess): Patience {
    const { target, subprocesses, startTimeout } = this.#order;
    if (target.kind === "launch") return FOREVER;
    const patience = attachPatience(process, this.#order);
    return subprocesses ? { ...patience, absent: startTimeout * 1000 } : patience;
  }

  #add(process: LiveProcess, parent: Member | undefined, search: Search): Member {
    const member: Member = {
      pid: process.pid,
      startTime: process.startTime,
      parent,
      name: undefined,
      commandLine: [],
      record: undefined,
      sampling: undefined,
      problem: undefined,
      hasPython: false,
    };
    member.sampling = new SampledProcess(process, this.#shared, search, () => {
      see(member, process);
      member.record = undefined;
      return this.#recordOf(member);
    });
    this.#active.push(member);
    this.#members.set(member.pid, member);
    return member;
  }

  /** Takes in what has begun. False if nothing has. */
  #welcomeBegun(): boolean {
    const begun = this.#watch?.begun() ?? [];
    for (const born of begun) this.#welcome(born);
    this.#nextWatch = monotonicTime() + WATCH_MILLISECONDS;
    return begun.length > 0;
  }

  #welcome({ pid, parent, startTime }: TreeProcess): void {
    try {
      const process = openProcess(pid);
      if (process.startTime !== startTime) {
        process.close();
        return;
      }
      // A starter that had ended before it could be opened is not known, but it was of the tree.
      const starter = parent === undefined ? undefined : (this.#members.get(parent) ?? this.#roots[0]);
      this.#add(process, starter, {
        patience: FOREVER,
        growth: MEMBER_GROWTH,
        longestPause: MEMBER_LONGEST_PAUSE,
        isBorrowing: () => parent !== undefined && sharesMemory(pid, parent),
      });
    } catch (error) {
      const { code, message } = samplerErrorOf(error);
      // Most have ended.
      if (code !== "exited" && code !== "no-such-process") this.#note(`process ${pid}`, message);
    }
  }

  /** Describes a process and, before it, those that have led to it: also if they are no Pythons. */
  #recordOf(member: Member): ProcessId {
    const { pid, startTime, commandLine } = member;
    if (member.record === undefined) {
      const parent = member.parent === undefined ? NO_PARENT : this.#recordOf(member.parent);
      member.record = this.#shared.builder.addProcess({ pid, startTime, commandLine, parent });
    }
    return member.record;
  }

  /** Lets go of a process that has ended, or of which nothing more is wanted. */
  #bury(member: Member, sampling: SampledProcess): void {
    sampling.end();
    member.problem = sampling.problem;
    member.sampling = undefined;
    const { read, lookCalls, turns } = sampling.costs;
    this.#costs.read.calls += read.calls;
    this.#costs.read.bytes += read.bytes;
    this.#costs.lookCalls += lookCalls;
    this.#costs.turns = Math.max(this.#costs.turns, turns);
    const isKnown = sampling.isWithout || sampling.process.isAlive();
    if (!member.hasPython && !this.#isOnlyOne)
      this.#note(isKnown ? member.name : undefined, member.problem?.message);
    // Those that were named are the session's.
    if (!this.#roots.includes(member)) sampling.process.close();
  }

  #count(member: Member, { python }: SampledProcess): void {
    this.python = python;
    if (!member.hasPython) this.pythons += 1;
    this.#watch?.executed(member.pid);
    member.hasPython = true;
  }

  /** Whether there is or may soon be something to sample of it. Those that were named say themselves when there is not. */
  #isHopeful(member: Member): boolean {
    const { sampling } = member;
    if (sampling === undefined) return false;
    if (sampling.state === "sampled" || sampling.isStarting || this.#roots.includes(member)) return true;
    return sampling.waited < HOPE_MILLISECONDS;
  }

  #note(name: string | undefined, reason: string | undefined): void {
    const key = reason ?? name ?? "";
    const known = this.#others.get(key);
    if (known !== undefined) known.count += 1;
    else if (this.#others.size < MOST_NAMES) this.#others.set(key, { name, count: 1, reason });
  }
}

/** Those that it is time to look at, at first what is new or seems to be gone, then what has waited longest. */
function dueOf(members: readonly Member[]): Member[] {
  const now = monotonicTime();
  const due = members.filter(({ sampling }) => sampling !== undefined && sampling.nextLook <= now);
  return due.sort((a, b) => (a.sampling?.nextLook ?? 0) - (b.sampling?.nextLook ?? 0));
}

/** Takes down what a process is now: it may execute another program. */
function see(member: Member, process: LiveProcess): void {
  const { executable, commandLine } = process;
  const name = executable ?? commandLine[0];
  // There is nothing to be seen of one that has ended.
  if (name !== undefined) member.name = basename(name);
  if (commandLine.length > 0) member.commandLine = commandLine;
}
