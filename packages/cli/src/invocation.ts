import { commandLine } from "./terminal/printable.js";

/** How pyspy was called, as far as advice depends on it. */
export interface Invocation {
  /** The arguments after `pyspy`. */
  readonly argv: readonly string[];
  readonly isRoot: boolean;
  /** Called by `npx`, which finds pyspy where a shell would not. */
  readonly byNpx: boolean;
}

/** How this process was called. */
export function currentInvocation(argv: readonly string[]): Invocation {
  return { argv, isRoot: process.geteuid?.() === 0, byNpx: process.env["npm_command"] === "exec" };
}

/** The same command as root. `sudo` alone would look for node and pyspy where root has none. */
export function sudoCommand({ argv, byNpx }: Invocation): string {
  return `sudo env "PATH=$PATH" ${commandLine([...(byNpx ? ["npx", "pyspy"] : ["pyspy"]), ...argv])}`;
}
