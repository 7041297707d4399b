/**
 * Why there is no profile:
 * - `invalid-batch`: a batch of samples contradicts itself or the batches before it;
 * - `invalid-file`: bytes are not what their format says;
 * - `written-only`: bytes are of a format that profiles are written in and not read from.
 */
export type ProfileErrorCode = "invalid-batch" | "invalid-file" | "written-only";

/** What a {@link ProfileError} is about. */
export interface ProfileErrorFacts {
  /** The column or table of the batch at fault, "nodes.parent"; of a file, the name of its format, "pprof", or what it is, "a Chrome trace". */
  readonly part: string;
  /** Index in it, counted from the start of the batch; of a file, the byte or the line at fault. */
  readonly index?: number;
}

/**
 * Thrown for samples that make no profile. Recognise it with {@link isProfileError}.
 *
 * ```ts
 * try { builder.add(batch) } catch (error) {
 *   if (isProfileError(error)) console.warn(`${error.part}: ${error.message}`);
 *   else throw error;
 * }
 * ```
 */
export class ProfileError extends Error {
  override readonly name = "ProfileError";
  readonly code: ProfileErrorCode;
  readonly part: string;
  readonly index: number | undefined;

  constructor(code: ProfileErrorCode, reason: string, facts: ProfileErrorFacts, options?: ErrorOptions) {
    super(messageOf(code, reason, facts), options);
    this.code = code;
    this.part = facts.part;
    this.index = facts.index;
  }
}

function messageOf(code: ProfileErrorCode, reason: string, { part, index }: ProfileErrorFacts): string {
  if (code === "invalid-file") return `Cannot read the ${part} file: ${reason}`;
  if (code === "written-only") return `Cannot read the file: ${reason}, which can only be written`;
  return `Cannot add the batch to the profile: ${index === undefined ? part : `${part}[${index}]`} ${reason}`;
}

/** True for a {@link ProfileError}, also one of another copy of this package. */
export function isProfileError(value: unknown): value is ProfileError {
  return value instanceof Error && value.name === "ProfileError";
}
