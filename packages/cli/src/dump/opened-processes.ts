import { type InspectOptions, isSamplerError } from "@pyspy/stack-sampler";
import type { DumpedProcess } from "./dumped.js";
import { type Looks, lookAt, type OpenedProcess, openTree, withoutStacks } from "./open-targets.js";

/** What came of one look at all processes. */
export interface LookOutcome {
  readonly processes: readonly DumpedProcess[];
  /** Why those that were asked for cannot be shown; told once. */
  readonly problems: readonly unknown[];
  /** Processes that were there at the look before. */
  readonly departed: readonly number[];
}

/** Processes that are open as long as they are looked at. */
export class OpenedProcesses implements Disposable {
  #members: readonly OpenedProcess[];
  readonly #asked: ReadonlySet<number>;
  readonly #subprocesses: boolean;
  #isFirst = true;

  private constructor(members: readonly OpenedProcess[], asked: readonly number[], subprocesses: boolean) {
    this.#members = members;
    this.#asked = new Set(asked);
    this.#subprocesses = subprocesses;
  }

  /** Opens the processes of these ids and, where asked to, all that they have started. */
  static async open(looks: Looks, pids: readonly number[], subprocesses: boolean): Promise<OpenedProcesses> {
    const trees = await Promise.all(pids.map((pid) => openTree(looks, pid, subprocesses)));
    // One can be in several trees; it is shown where its parent is.
    const members = new Map<number, OpenedProcess>();
    for (const member of trees.flat()) {
      const known = members.get(member.pid);
      if (known === undefined) members.set(member.pid, member);
      else {
        if (known.parent === undefined) members.set(member.pid, { ...known, parent: member.parent });
        member.inspection?.close();
      }
    }
    return new OpenedProcesses([...members.values()], pids, subprocesses);
  }

  async look(options: InspectOptions): Promise<LookOutcome> {
    const processes = new Map<number, DumpedProcess>();
    const problems: unknown[] = [];
    const departed: number[] = [];
    const opened: OpenedProcess[] = [];
    for (const member of this.#members) {
      const parent = member.parent === undefined ? undefined : processes.get(member.parent);
      const { process, problem } = await dumped(member, parent, options);
      if (process !== undefined) processes.set(member.pid, process);
      else if (!this.#isFirst) departed.push(member.pid);
      else {
        if (this.#isWanted(member, problem)) problems.push(problem);
        processes.set(member.pid, withoutStacks(member.pid, parent, member.commandLine, noteOf(problem)));
      }
      if (process !== undefined) opened.push(member);
      else member.inspection?.close();
    }
    const hasStacks = opened.length > 0;
    // A problem of one that was asked for has been told, unless there is a tree below it to be shown.
    const shown = [...processes.values()].filter(
      ({ pid, versions }) =>
        versions.length > 0 || (hasStacks && this.#subprocesses && !this.#isToldOf(pid, problems)),
    );
    if (this.#isFirst && !hasStacks && problems.length === 0) {
      problems.push(...this.#members.map(({ problem }) => problem).slice(0, 1));
    }
    this.#isFirst = false;
    this.#members = opened;
    return { processes: shown, problems, departed };
  }

  [Symbol.dispose](): void {
    for (const { inspection } of this.#members) inspection?.close();
  }

  /** Whether not to see this process is a failure: a shell at the root of a tree of Pythons need not be one. */
  #isWanted({ pid }: OpenedProcess, problem: unknown): boolean {
    if (!isSamplerError(problem) || problem.code === "internal") return true;
    return this.#asked.has(pid) && !(this.#subprocesses && problem.code === "not-python");
  }

  #isToldOf(pid: number, problems: readonly unknown[]): boolean {
    return problems.some((problem) => isSamplerError(problem) && problem.pid === pid);
  }
}

async function dumped(
  { inspection, problem }: OpenedProcess,
  parent: DumpedProcess | undefined,
  options: InspectOptions,
): Promise<{ readonly process: DumpedProcess | undefined; readonly problem: unknown }> {
  if (inspection === undefined) return { process: undefined, problem };
  try {
    return { process: await lookAt(inspection, parent, options), problem: undefined };
  } catch (error) {
    return { process: undefined, problem: error };
  }
}

/** Why a child has no stacks, in a word or two where that is nothing special. */
function noteOf(problem: unknown): string {
  if (!isSamplerError(problem)) return String(problem);
  switch (problem.code) {
    case "not-python":
      return "It is not a Python program";
    case "exited":
    case "no-such-process":
      return "It has exited";
    default:
      return problem.message;
  }
}
