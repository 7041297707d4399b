import { isSamplerError } from "@pyspy/stack-sampler";
import { adviceFor } from "./advice.js";
import { CommandError } from "./command-error.js";
import type { Invocation } from "./invocation.js";
import type { Terminal } from "./terminal/terminal.js";

/** Tells a person what went wrong; whatever is not expected to is a bug and says so. */
export function reportFailure(
  terminal: Terminal,
  error: unknown,
  invocation: Invocation,
  debug: boolean,
): void {
  if (isSamplerError(error) && error.code !== "internal") {
    terminal.fail(error.message);
    const advice = adviceFor(error, invocation);
    if (advice !== undefined) terminal.say(advice);
  } else if (error instanceof CommandError) {
    terminal.fail(error.message);
  } else {
    const hint = debug ? "" : " (--debug shows where)";
    terminal.fail(`This is a bug in pyspy, please report it: ${String(error)}${hint}`);
  }
  if (debug) for (const line of traceOf(error)) terminal.say(line);
}

/** The stack traces of an error and its causes. */
function traceOf(error: unknown): readonly string[] {
  const lines: string[] = [];
  for (let current = error; current instanceof Error; current = current.cause) {
    if (lines.length > 0) lines.push("caused by");
    lines.push(...(current.stack ?? String(current)).split("\n"));
  }
  return lines;
}
