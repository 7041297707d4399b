import { ProfileError } from "../profile-error.js";

/** Throws what a reader of `format` says of a file that it cannot read. `index` is the byte or the line at fault. */
export function failToRead(format: string, reason: string, index?: number, cause?: unknown): never {
  const facts = index === undefined ? { part: format } : { part: format, index };
  throw new ProfileError("invalid-file", reason, facts, { cause });
}
