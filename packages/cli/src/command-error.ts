/** - `usage`: the command line makes no sense
 *  - `input`: a file cannot be read, or is no profile
 *  - `output`: the profile cannot be written where it was asked for */
export type CommandErrorCode = "usage" | "input" | "output";

/** Something that pyspy itself cannot do, in a sentence for the person who asked for it. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: CommandErrorCode;

  constructor(code: CommandErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The exit code for a failure of pyspy's own: 2 where the command line names what cannot be meant. */
export function exitCodeOf(error: unknown): 1 | 2 {
  if (error instanceof CommandError) return error.code === "usage" ? 2 : 1;
  return error instanceof Error && "code" in error && error.code === "unusable-file" ? 2 : 1;
}
