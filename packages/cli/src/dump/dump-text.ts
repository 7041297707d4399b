import { commandLine, printable, shortened, someOf } from "../terminal/printable.js";
import { type DumpedProcess, threadId } from "./dumped.js";
import {
  type FoldedThreads,
  foldThreads,
  oddFirst,
  spansProcesses,
  type ThreadOf,
  threadsOf,
} from "./fold.js";
import { StackText, type StackTextOptions } from "./stack-text.js";
import { tasksText } from "./task-text.js";
import { stateText } from "./thread-state.js";

export interface DumpTextOptions extends StackTextOptions {
  readonly fold: boolean;
  /** Of the terminal; asked where it matters. */
  readonly columns: () => number;
}

const STOPPED = "It is stopped";

/**
 * A dump for people: each process with its threads; or, where threads of several processes have the same stack, first all the
 * processes and then the stacks.
 */
export function dumpText(processes: readonly DumpedProcess[], options: DumpTextOptions): string {
  const writer = new DumpWriter(options);
  const all = writer.fold(threadsOf(processes));
  if (all.some(spansProcesses)) {
    const members = processes.map((process) => writer.member(process)).join("");
    const tasks = processes.map((process) => writer.tasks(process, true)).join("");
    return `${members}\n${writer.stacks(oddFirst(all))}${tasks}`;
  }
  const texts = processes.map((process) => {
    const stacks = writer.stacks(writer.fold(threadsOf([process])));
    const tasks = writer.tasks(process, false);
    return `${writer.header(process)}${stacks === "" ? "" : `\n${stacks}`}${tasks}`;
  });
  if (texts.length < 2) return texts.join("");
  return texts.join(`\n${options.style.dim("─".repeat(options.columns()))}\n`);
}

/** Stacks alone, for what comes after a first dump. */
export function stacksText(threads: readonly ThreadOf[], options: DumpTextOptions): string {
  const writer = new DumpWriter(options);
  return writer.stacks(writer.fold(threads));
}

class DumpWriter {
  readonly #options: DumpTextOptions;
  readonly #stackTexts = new Map<DumpedProcess, StackText>();

  constructor(options: DumpTextOptions) {
    this.#options = options;
  }

  fold(threads: readonly ThreadOf[]): FoldedThreads[] {
    return this.#options.fold ? foldThreads(threads) : threads.map((thread) => [thread]);
  }

  header(process: DumpedProcess): string {
    const { style } = this.#options;
    const { pid, versions, executable, parent, core, isStopped, notes } = process;
    const lines: string[] = [];
    if (core !== undefined) lines.push(...this.#coreLines(core));
    const title = printable(commandLine(process.commandLine));
    lines.push(
      core?.lacksNotes === true
        ? `Process of unknown id${title === "" ? "" : `: ${title}`}`
        : `Process ${style.bold(style.yellow(String(pid)))}: ${title}`,
    );
    for (const version of versions) {
      const place = executable === undefined ? "" : ` (${style.dim(printable(executable))})`;
      lines.push(`Python v${style.bold(version)}${place}`);
    }
    if (parent !== undefined) {
      const words = shortened(commandLine(parent.commandLine), 200);
      lines.push(`Parent Process ${style.bold(style.yellow(String(parent.pid)))}: ${printable(words)}`);
    }
    if (isStopped) lines.push(style.yellow(STOPPED));
    lines.push(...notes.map((note) => style.yellow(printable(note))));
    return `${lines.join("\n")}\n`;
  }

  /** A process in a list of several: those that others have started are one line each. */
  member(process: DumpedProcess): string {
    const { parent, pid, versions, isStopped, notes } = process;
    if (parent === undefined) return this.header(process);
    const { style } = this.#options;
    let depth = 0;
    for (let above: DumpedProcess | undefined = parent; above !== undefined; above = above.parent) depth += 1;
    const words = printable(shortened(commandLine(process.commandLine), 200));
    const facts = [
      ...versions
        .filter((version) => !parent.versions.includes(version))
        .map((version) => `Python v${version}`),
      ...(isStopped ? [STOPPED] : []),
      ...notes,
    ];
    const remark = facts.length === 0 ? "" : style.yellow(` (${printable(facts.join("; "))})`);
    return `${"  ".repeat(depth)}Process ${style.bold(style.yellow(String(pid)))}: ${words}${remark}\n`;
  }

  stacks(groups: readonly FoldedThreads[]): string {
    const hasMany = new Set(groups.flat().map(({ process }) => process)).size > 1;
    return groups.map((group) => this.#group(group, hasMany)).join("\n");
  }

  /** Its tasks, if they were asked for; `hasMany` if there are those of other processes beside them. */
  tasks(process: DumpedProcess, hasMany: boolean): string {
    const owner = hasMany ? ` of process ${process.pid}` : "";
    return tasksText(process, this.#stackText(process), owner, this.#options);
  }

  #coreLines({ path, signal, lacksNotes }: NonNullable<DumpedProcess["core"]>): string[] {
    const { style } = this.#options;
    if (lacksNotes) return [`Core ${style.cyan(printable(path))}: not all of it is there`];
    if (signal === undefined) return [`Core ${style.cyan(printable(path))}: of a process that went on`];
    const reason = signal.reason === "" ? "" : `, ${signal.reason}`;
    return [
      `Core ${style.cyan(printable(path))}: ${style.red(printable(`${signal.name} (signal ${signal.number})${reason}`))}`,
    ];
  }

  #group(group: FoldedThreads, hasMany: boolean): string {
    const [first] = group;
    const title = group.length === 1 ? this.#single(first, hasMany) : this.#many(group);
    const { frames, isUnreadable } = first.thread;
    return `${[...title, ...this.#stackText(first.process).lines(frames, isUnreadable)].join("\n")}\n`;
  }

  #single({ process, thread }: ThreadOf, hasMany: boolean): string[] {
    const { style } = this.#options;
    const state = stateText(process, thread);
    const owner = hasMany ? ` of process ${style.bold(style.yellow(String(process.pid)))}` : "";
    const name = thread.thread.name === "" ? "" : `: "${printable(thread.thread.name)}"`;
    const interpreter = thread.thread.interpreter === 0 ? "" : ` in interpreter ${thread.thread.interpreter}`;
    const id = style.bold(style.yellow(threadId(thread)));
    return [`Thread ${id}${owner}${interpreter}${state === "" ? "" : ` (${state})`}${name}`];
  }

  #many(group: FoldedThreads): string[] {
    const { style } = this.#options;
    const processes = new Set(group.map(({ process }) => process.pid));
    const span = processes.size > 1 ? ` of ${processes.size} processes` : "";
    const count = style.bold(style.yellow(String(group.length)));
    const names = group.map(({ process, thread }) => {
      const owner = processes.size > 1 && process.pid !== thread.thread.tid ? `${process.pid}/` : "";
      const name = thread.thread.name === "" ? "" : ` "${printable(thread.thread.name)}"`;
      return `${owner}${threadId(thread)}${name}`;
    });
    return [
      `${count} threads${span}${statesOf(group)} with the same stack:`,
      `  ${style.dim(someOf(names))}`,
    ];
  }

  #stackText(process: DumpedProcess): StackText {
    let text = this.#stackTexts.get(process);
    if (text === undefined) {
      text = new StackText(process, this.#options);
      this.#stackTexts.set(process, text);
    }
    return text;
  }
}

/** ` (idle)`, or ` (7 idle, 1 active+gil)`. */
function statesOf(group: FoldedThreads): string {
  const counts = new Map<string, number>();
  for (const { process, thread } of group) {
    const state = stateText(process, thread);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  const states = [...counts].filter(([state]) => state !== "");
  if (states.length === 0) return "";
  return states.length === 1 && counts.size === 1
    ? ` (${states[0]?.[0]})`
    : ` (${states.map(([state, count]) => `${count} ${state}`).join(", ")})`;
}
