import type { Layout } from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";

/** A CPython that is in a process. */
export interface PythonRuntime {
  readonly layout: Layout;
  /** Where the pointer to its newest interpreter is: `_PyRuntime.interpreters.head`, up to 3.6 `interp_head`. */
  readonly interpretersHead: Address;
  /**
   * Where the pointer to the thread state that holds the GIL is, up to 3.11: `_PyRuntime.gilstate.tstate_current`,
   * up to 3.6 `_PyThreadState_Current`. 0 if it is not known, or each interpreter keeps its own.
   */
  readonly gilHolder: Address;
  /** Where threads sleep that wait for the GIL, as far as that is known of the runtime as a whole: up to 3.11. */
  readonly gilLocks: readonly GilLock[];
  /**
   * Where the i32 is that says that garbage is being collected, up to 3.8. 0 if it is not known, or each interpreter has
   * its own.
   */
  readonly collecting: Address;
  /** Path of the executable or library that it is in. */
  readonly image: string;
}

/** Memory that the locks of a GIL are in. */
export interface GilLock {
  readonly address: Address;
  readonly size: number;
  /** There is a pointer at the address, and the lock is where it points. */
  readonly isPointer: boolean;
}
