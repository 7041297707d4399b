import { printable, someOf } from "../terminal/printable.js";
import { type DumpTextOptions, stacksText } from "./dump-text.js";
import { threadId } from "./dumped.js";
import type { ThreadOf } from "./fold.js";
import type { Movement, MovementWatch, TaskMovement } from "./movement.js";
import { taskName } from "./task-text.js";
import { stateText } from "./thread-state.js";

/** What a later look has brought: stacks that are other ones, and the names of the rest. */
export function movementText(
  { moved, unmoved, gone, tasks }: Movement,
  seconds: number,
  options: DumpTextOptions,
): string {
  const title = options.style.bold(`After ${Number(seconds.toFixed(3))} s`);
  const threads = `${moved.length} moved, ${unmoved.length} not${gone.length > 0 ? `, ${gone.length} gone` : ""}`;
  const parts = [`\n${title}: ${threads}\n${tasks === undefined ? "" : tasksLine(tasks)}`];
  if (moved.length > 0) parts.push(stacksText(moved, options));
  return parts.join("\n");
}

function tasksLine({ moved, unmoved }: TaskMovement): string {
  const names = moved.length === 0 ? "" : `: ${someOf(moved.map(taskName))}`;
  return `Of the tasks ${moved.length} moved, ${unmoved.length} not${names}\n`;
}

/** Which threads have been at the same place all the time: those that hang are among them. */
export function stillText(watch: MovementWatch, { style }: DumpTextOptions): string {
  const still = watch.still();
  const stillTasks = watch.stillTasks();
  const title = style.bold(`In ${watch.looks} looks`);
  const threads =
    still.length === 0 ? "every thread has moved" : `at the same place: ${still.map(named).join(", ")}`;
  const tasks =
    stillTasks.length === 0 ? "" : `Tasks at the same place: ${someOf(stillTasks.map(taskName))}\n`;
  return `\n${title} ${threads}\n${tasks}`;
}

function named({ process, thread }: ThreadOf): string {
  const { name } = thread.thread;
  return `${threadId(thread)}${name === "" ? "" : ` "${printable(name)}"`} (${stateText(process, thread)})`;
}
