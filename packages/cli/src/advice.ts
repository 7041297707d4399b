import type { SamplerError } from "@pyspy/stack-sampler";
import { denialAdvice } from "./denial-advice.js";
import { type Invocation, sudoCommand } from "./invocation.js";
import { commandLine } from "./terminal/printable.js";

/** What a person can do about an error: one sentence, or undefined where the error says it all. */
export function adviceFor(error: SamplerError, invocation: Invocation): string | undefined {
  switch (error.code) {
    case "permission-denied":
      if (error.denial !== undefined) return denialAdvice(error.denial, invocation);
      return invocation.isRoot ? undefined : `Try it as root: ${sudoCommand(invocation)}`;
    case "program-not-found":
    case "program-not-executable":
      return error.program?.endsWith(".py") === true
        ? `A Python file needs a Python to run it: pyspy record -- python3 ${commandLine([error.program])}`
        : undefined;
    case "incomplete-core":
      return (
        "Copy the core file whole, or have it written again where there is room for all of it; " +
        "--executable and --lib-search-path help to read what is there"
      );
    default:
      return undefined;
  }
}
