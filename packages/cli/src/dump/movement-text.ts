import { printable, someOf } from "../terminal/printable.js";
import { type DumpTextOptions, stacksText } from "./dump-text.js";
import { type DumpedProcess, type DumpedTask, threadId } from "./dumped.js";
import type { ThreadOf } from "./fold.js";
import type { Movement, MovementWatch, TaskMovement } from "./movement.js";
import { taskName } from "./task-text.js";
import { byName } from "./task-tree.js";
import { stateText } from "./thread-state.js";

/** What a later look has brought: stacks that are other ones, and the names of the rest. */
export function movementText(
  { moved, running, unmoved, gone, tasks }: Movement,
  processes: readonly DumpedProcess[],
  seconds: number,
  options: DumpTextOptions,
): string {
  const title = options.style.bold(`After ${Number(seconds.toFixed(3))} s`);
  const counts = [
    `${moved.length} moved`,
    ...(running.length > 0 ? [`${running.length} running with the same stack`] : []),
    `${unmoved.length} not moved`,
    ...(gone.length > 0 ? [`${gone.length} gone`] : []),
  ];
  const lines = [`\n${title}: ${counts.join(", ")}\n`];
  for (const { pid, notes } of processes) {
    const owner = processes.length > 1 ? `Process ${pid}: ` : "";
    lines.push(...notes.map((note) => `${options.style.yellow(printable(owner + note))}\n`));
  }
  if (running.length > 0) {
    const names = running.map((one) => named(one, one.thread.cpuUsed));
    lines.push(`Same stack, running: ${someOf(names)}\n`);
  }
  if (tasks !== undefined) lines.push(tasksLine(tasks));
  return [lines.join(""), ...(moved.length > 0 ? [stacksText(moved, options)] : [])].join("\n");
}

function tasksLine({ moved, unmoved }: TaskMovement): string {
  const names = moved.length === 0 ? "" : `: ${namesOf(moved)}`;
  return `Of the tasks ${moved.length} moved, ${unmoved.length} not${names}\n`;
}

function namesOf(tasks: readonly DumpedTask[]): string {
  return someOf(tasks.toSorted(byName).map(taskName));
}

/** Which threads have been at the same place all the time: those that hang are among them, and those that spin. */
export function stillText(watch: MovementWatch, { style }: DumpTextOptions): string {
  const still = watch.still();
  const running = still.filter(({ hasRun }) => hasRun);
  const unmoved = still.filter(({ hasRun }) => !hasRun);
  const stillTasks = watch.stillTasks();
  const title = style.bold(`In ${watch.looks} looks`);
  const lines = [
    ...(running.length > 0
      ? [`  same stack, running: ${running.map((one) => named(one, one.cpuUsed)).join(", ")}\n`]
      : []),
    ...(unmoved.length > 0 ? [`  not moved: ${unmoved.map((one) => named(one)).join(", ")}\n`] : []),
    ...(stillTasks.length > 0 ? [`  tasks not moved: ${namesOf(stillTasks)}\n`] : []),
  ];
  return still.length === 0
    ? `\n${title} every thread has moved\n${lines.join("")}`
    : `\n${title}:\n${lines.join("")}`;
}

function named({ process, thread }: ThreadOf, cpuUsed?: number): string {
  const { name } = thread.thread;
  const facts = [
    stateText(process, thread),
    ...(cpuUsed === undefined ? [] : [`${durationOf(cpuUsed)} on a processor`]),
  ];
  return `${threadId(thread)}${name === "" ? "" : ` "${printable(name)}"`} (${facts.filter(Boolean).join(", ")})`;
}

/** `12 ms`, `1.25 s` */
function durationOf(nanoseconds: number): string {
  const milliseconds = Math.round(nanoseconds / 1e6);
  return milliseconds < 1000 ? `${milliseconds} ms` : `${(nanoseconds / 1e9).toFixed(2)} s`;
}
