import type { SamplerError } from "@pyspy/stack-sampler";
import { commandLine } from "./terminal/printable.js";

/** How pyspy was called, as far as advice depends on it. */
export interface Invocation {
  /** The arguments after `pyspy`. */
  readonly argv: readonly string[];
  readonly isRoot: boolean;
  /** Called by `npx`, which finds pyspy where a shell would not. */
  readonly byNpx: boolean;
}

/** What a person can do about an error: one sentence, or undefined where the error says it all. */
export function adviceFor(error: SamplerError, invocation: Invocation): string | undefined {
  switch (error.code) {
    case "permission-denied":
      return invocation.isRoot
        ? "A container needs the capability to look into processes: docker run --cap-add SYS_PTRACE …"
        : `Try it as root: sudo env "PATH=$PATH" ${typedCommand(invocation)}`;
    case "program-not-found":
    case "program-not-executable":
      return error.program?.endsWith(".py") === true
        ? `A Python file needs a Python to run it: pyspy record -- python3 ${commandLine([error.program])}`
        : undefined;
    default:
      return undefined;
  }
}

function typedCommand({ argv, byNpx }: Invocation): string {
  return commandLine([...(byNpx ? ["npx", "pyspy"] : ["pyspy"]), ...argv]);
}

/** How this process was called. */
export function currentInvocation(argv: readonly string[]): Invocation {
  return { argv, isRoot: process.geteuid?.() === 0, byNpx: process.env["npm_command"] === "exec" };
}
