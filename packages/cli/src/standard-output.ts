import { CommandError } from "./command-error.js";
import { systemReasonOf } from "./system-reason.js";
import { writeFully } from "./terminal/write-fully.js";

/**
 * Writes to standard output what a person has asked for.
 *
 * @throws {CommandError} `output`, if it cannot be written or nobody reads it any more
 */
export function writeOutput(text: string): void {
  let isRead: boolean;
  try {
    isRead = writeFully(1, text);
  } catch (error) {
    throw new CommandError("output", `Cannot write to standard output: ${systemReasonOf(error)}`, error);
  }
  if (!isRead) throw new CommandError("output", "Cannot write to standard output: nobody reads it any more");
}
