/**
 * Why a layout could not be given:
 * - `unsupported-version`: this package has no layout for that version or implementation
 * - `debug-offsets-unreadable`: the bytes are not a `_Py_DebugOffsets` table, or not all of it
 * - `debug-offsets-do-not-fit`: the table contradicts itself when read as its version's list of fields
 */
export type LayoutErrorCode = "unsupported-version" | "debug-offsets-unreadable" | "debug-offsets-do-not-fit";

/** The one error of this package. Recognise it by its `name` and `code`, which hold across copies of the package. */
export class LayoutError extends Error {
  override readonly name = "LayoutError";
  readonly code: LayoutErrorCode;

  constructor(code: LayoutErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
