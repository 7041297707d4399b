import type { Layout } from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";

/** A CPython that is in a process. */
export interface PythonRuntime {
  readonly layout: Layout;
  /** Where `_PyRuntime` is. */
  readonly address: Address;
  /** Path of the executable or library that it is in. */
  readonly image: string;
}
