import { printable } from "../terminal/printable.js";
import { type DumpTextOptions, stacksText } from "./dump-text.js";
import { threadId } from "./dumped.js";
import type { ThreadOf } from "./fold.js";
import type { Movement, MovementWatch } from "./movement.js";
import { stateText } from "./thread-state.js";

/** What a later look has brought: stacks that are other ones, and the names of the rest. */
export function movementText(
  { moved, unmoved, gone }: Movement,
  seconds: number,
  options: DumpTextOptions,
): string {
  const title = options.style.bold(`After ${Number(seconds.toFixed(3))} s`);
  const parts = [
    `\n${title}: ${moved.length} moved, ${unmoved.length} not${gone.length > 0 ? `, ${gone.length} gone` : ""}\n`,
  ];
  if (moved.length > 0) parts.push(stacksText(moved, options));
  return parts.join("\n");
}

/** Which threads have been at the same place all the time: those that hang are among them. */
export function stillText(watch: MovementWatch, { style }: DumpTextOptions): string {
  const still = watch.still();
  const title = style.bold(`In ${watch.looks} looks`);
  if (still.length === 0) return `\n${title} every thread has moved\n`;
  return `\n${title} at the same place: ${still.map(named).join(", ")}\n`;
}

function named({ process, thread }: ThreadOf): string {
  const { name } = thread.thread;
  return `${threadId(thread)}${name === "" ? "" : ` "${printable(name)}"`} (${stateText(process, thread)})`;
}
