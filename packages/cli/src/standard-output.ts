import { CommandError } from "./command-error.js";
import { systemReasonOf } from "./system-reason.js";
import { writeFully } from "./terminal/write-fully.js";

/**
 * Writes to standard output what a person has asked for.
 *
 * @returns false if nobody reads it any more
 * @throws {CommandError} `output`, if it cannot be written
 */
export function writeOutput(content: string | Uint8Array): boolean {
  try {
    return writeFully(1, content);
  } catch (error) {
    throw new CommandError("output", `Cannot write to standard output: ${systemReasonOf(error)}`, error);
  }
}
