import type { AsyncTask } from "@pyspy/stack-sampler";
import { printable, someOf } from "../terminal/printable.js";
import type { Style } from "../terminal/style.js";
import { type DumpedProcess, threadId } from "./dumped.js";
import type { StackText } from "./stack-text.js";
import { type TaskBranch, taskTrees } from "./task-tree.js";

export interface TaskTextOptions {
  readonly fold: boolean;
  readonly style: Style;
}

/**
 * The tasks and greenlets of a process for people, those of each thread as a tree:
 *
 *     2 tasks of thread 7 "MainThread":
 *     └─ Task-1 (waiting)
 *            main (app.py:9)
 *        └─ fetcher (waiting)
 *               fetch (app.py:5)
 */
export function tasksText(
  { tasks, threads }: DumpedProcess,
  stacks: StackText,
  owner: string,
  options: TaskTextOptions,
): string {
  if (tasks === undefined) return "";
  if (tasks.length === 0) return `\nNo tasks of asyncio, and no greenlets${owner}\n`;
  const sections = new Map<string, { count: number; readonly trees: TaskBranch[] }>();
  const titleOf = ({ kind, thread: key }: AsyncTask): string => {
    const thread = threads.find(
      (one) => one.thread.pythonId === key?.pythonId && one.thread.interpreter === key.interpreter,
    );
    if (thread === undefined) return `${kind}#${owner} that no thread runs`;
    const name = thread.thread.name === "" ? "" : ` "${printable(thread.thread.name)}"`;
    return `${kind}# of thread ${options.style.bold(options.style.yellow(threadId(thread)))}${name}${owner}`;
  };
  for (const tree of taskTrees(tasks, options.fold)) {
    const title = titleOf(tree.tasks[0]);
    const section = sections.get(title) ?? { count: 0, trees: [] };
    sections.set(title, section);
    section.trees.push(tree);
    section.count += sizeOf(tree);
  }
  return [...sections]
    .map(([title, { count, trees }]) => {
      const lines = branchLines(trees, stacks, options);
      return `\n${count} ${title.replace("#", count === 1 ? "" : "s")}:\n${lines.join("\n")}\n`;
    })
    .join("");
}

function sizeOf({ tasks, isRepeated, awaited }: TaskBranch): number {
  const own = isRepeated ? 0 : tasks.length;
  return awaited.reduce((sum, branch) => sum + sizeOf(branch), own);
}

function branchLines(branches: readonly TaskBranch[], stacks: StackText, options: TaskTextOptions): string[] {
  return branches.flatMap((branch, index) => {
    const isLast = index === branches.length - 1;
    const below = isLast ? "   " : "│  ";
    const [title, ...rest] = [
      ...titleLines(branch, options),
      ...(branch.isRepeated ? [] : frameLines(branch, stacks)),
      ...branchLines(branch.awaited, stacks, options),
    ];
    return [`${isLast ? "└─" : "├─"} ${title}`, ...rest.map((line) => `${below}${line}`)];
  });
}

function titleLines({ tasks, isRepeated }: TaskBranch, { style }: TaskTextOptions): string[] {
  const [first] = tasks;
  const state = first.changed ? `${first.state}, changed while it was read` : first.state;
  if (tasks.length === 1) {
    return [`${style.bold(style.yellow(taskName(first)))} (${isRepeated ? "above" : state})`];
  }
  const count = style.bold(style.yellow(String(tasks.length)));
  const remark = first.frames.length > 0 ? " with the same stack" : "";
  return [
    `${count} ${first.kind}s (${first.state})${remark}:`,
    `  ${style.dim(someOf(tasks.map(taskName)))}`,
  ];
}

function frameLines({ tasks: [{ frames, state }] }: TaskBranch, stacks: StackText): string[] {
  if (frames.length > 0) return stacks.lines(frames);
  // Written in C, or by Cython.
  return state === "new" ? [] : ["    no Python is on its stack"];
}

/** How people call a task: its name, or its address. */
export function taskName({ name, address }: AsyncTask): string {
  return name === "" ? `0x${address.toString(16)}` : printable(name);
}
