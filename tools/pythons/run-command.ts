import { spawnSync } from "node:child_process";

/** Why a program that provides interpreters did not do it: its words, its exit and the end of what it wrote. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/**
 * Runs a program to its end and returns what it wrote to stdout.
 *
 * @throws CommandError when it cannot be started, exits with something other than 0, or dies of a signal
 */
export function runCommand(
  program: string,
  words: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): string {
  const { status, signal, error, stdout, stderr } = spawnSync(program, words, {
    ...options,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (status === 0) return stdout;
  const reason = error?.message ?? (signal ? `killed by ${signal}` : `exit code ${status}`);
  const lastWords = (stderr || stdout || "").trim().split("\n").slice(-3).join("; ");
  throw new CommandError(`${program}: ${reason}${lastWords && `: ${lastWords}`}`);
}
