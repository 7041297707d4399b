import type { MemoryMap } from "@pyspy/proc-memory";
import type { PythonRuntime } from "../python/python-runtime.js";

/**
 * How a runtime is found in a binary, in the order in which it is tried:
 * - `symbol`: `_PyRuntime` (3.7+, exported by every normal build), or `interp_head` (up to 3.6)
 * - `section`: `.PyRuntime` (3.10+, survives strip)
 * - `accessor`: the code of an exported function that returns `interp_head` (up to 3.6)
 * - `debug-file`: one of these symbols in the binary's separate debug file
 * - `cookie`: the mark of `_Py_DebugOffsets` in its variables (3.13+)
 * - `scan`: a pointer among its variables that leads to an interpreter
 */
export type DiscoveryMethod = "symbol" | "section" | "accessor" | "debug-file" | "cookie" | "scan";

/** One look into one binary. */
export interface DiscoveryStep {
  /** Path of the binary. */
  readonly image: string;
  readonly method: DiscoveryMethod | "open";
  /**
   * - `found`: a Python that can be sampled
   * - `starting`: one that is not ready yet
   * - `finalized`: one that has ended, or is about to, in a process that has not
   * - `unsupported`: one whose layout is not known
   * - `nothing`: no sign of a Python
   * - `unreadable`: the file or the memory could not be read
   */
  readonly outcome: "found" | "starting" | "finalized" | "unsupported" | "nothing" | "unreadable";
  /** What exactly, as a sentence; "" if there is nothing to add. */
  readonly detail: string;
}

/**
 * What a look for Pythons found:
 * - `found`: at least one that has an interpreter with a thread
 * - `starting`: one that is not ready yet
 * - `finalized`: one that has ended, or is about to, in a process that has not
 * - `absent`: nothing that is mapped is a Python
 * - `unsupported`: one whose layout is not known; `reason` is a sentence
 * - `denied`: the process's memory may not be read
 */
export type Discovery =
  | {
      readonly kind: "found";
      readonly runtimes: readonly PythonRuntime[];
      /** As they were then, for those who need them at once. */
      readonly maps?: readonly MemoryMap[];
      readonly steps: readonly DiscoveryStep[];
    }
  | {
      readonly kind: "starting" | "finalized" | "absent" | "denied";
      readonly steps: readonly DiscoveryStep[];
    }
  | {
      readonly kind: "unsupported";
      readonly reason: string;
      readonly cause: unknown;
      readonly steps: readonly DiscoveryStep[];
    };
