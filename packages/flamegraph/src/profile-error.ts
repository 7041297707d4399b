/**
 * Why samples could not be taken into a profile:
 * - `invalid-batch`: a batch contradicts itself or the batches before it.
 */
export type ProfileErrorCode = "invalid-batch";

/** What a {@link ProfileError} is about. */
export interface ProfileErrorFacts {
  /** The column or table at fault: "nodes.parent". */
  readonly part: string;
  /** Index in it, counted from the start of the batch. */
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

  constructor(code: ProfileErrorCode, reason: string, facts: ProfileErrorFacts) {
    const place = facts.index === undefined ? facts.part : `${facts.part}[${facts.index}]`;
    super(`Cannot add the batch to the profile: ${place} ${reason}`);
    this.code = code;
    this.part = facts.part;
    this.index = facts.index;
  }
}

/** True for a {@link ProfileError}, also one of another copy of this package. */
export function isProfileError(value: unknown): value is ProfileError {
  return value instanceof Error && value.name === "ProfileError";
}
