/**
 * Why bytes could not be taken for a binary:
 * - `not-an-elf`: they do not begin as an ELF file does;
 * - `not-a-core`: they are a program or a library where a core file was asked for;
 * - `truncated`: something lies, by the file's own account, where the bytes have ended;
 * - `malformed`: what the file says contradicts itself;
 * - `unsupported`: a valid kind of file that this package does not read (big-endian, relocatable), or data that is larger or
 *   compressed in another way than it can unpack.
 */
export type ParseErrorCode = "not-an-elf" | "not-a-core" | "truncated" | "malformed" | "unsupported";

/** What a {@link ParseError} is about. */
export interface ParseErrorFacts {
  /** The part of the file: "section headers", ".symtab". */
  readonly part: string;
  /** Where it should be, in bytes from the start of the source. */
  readonly offset?: number;
  /** How many bytes it should have. */
  readonly length?: number;
  /** What made it fail, if that was an error of its own. */
  readonly cause?: unknown;
}

/**
 * Thrown for bytes that are not a readable binary, by opening it or by whatever first needs the bad part.
 *
 * ```ts
 * try { openImage(source) } catch (error) {
 *   if (error instanceof ParseError && error.code === "not-an-elf") return undefined;
 *   throw error;
 * }
 * ```
 */
export class ParseError extends Error {
  override readonly name = "ParseError";
  readonly code: ParseErrorCode;
  readonly part: string;
  readonly offset: number | undefined;
  readonly length: number | undefined;

  constructor(code: ParseErrorCode, reason: string, facts: ParseErrorFacts) {
    super(`Cannot read the ${facts.part}: ${reason}`, "cause" in facts ? { cause: facts.cause } : undefined);
    this.code = code;
    this.part = facts.part;
    this.offset = facts.offset;
    this.length = facts.length;
  }
}
