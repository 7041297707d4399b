import type { Diagnosis } from "@pyspy/stack-sampler";
import { adviceFor } from "../advice.js";
import { denialAdvice } from "../denial-advice.js";
import type { Invocation } from "../invocation.js";

/** What can be done with a process. */
export interface Works {
  readonly record: boolean;
  /** `record --blocking` and `dump --blocking`, which stop threads. */
  readonly blocking: boolean;
  readonly dump: boolean;
  /** `dump --locals` */
  readonly locals: boolean;
  /** `dump --core`, of a core file. */
  readonly core: boolean;
  /** Frames of C, C++ and Rust between those of Python. */
  readonly native: boolean;
}

/** Why something cannot be done: the code of a `SamplerError`, a sentence, and what to do about it. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly advice: string | undefined;
}

/** Why each of {@link Works} does not; undefined where it does. */
export type WhyNot = { readonly [Name in keyof Works]: Problem | undefined };

export function whyNotOf({ problem, stopDenial }: Diagnosis, invocation: Invocation): WhyNot {
  const looking = problemOf(problem, invocation);
  const stopping = stopDenial && {
    code: "permission-denied",
    message: stopDenial.message,
    advice: denialAdvice(stopDenial, invocation),
  };
  return {
    record: looking,
    blocking: looking ?? stopping,
    dump: looking,
    // Values of every version that can be sampled can be read.
    locals: looking,
    // A core file needs no process and no rights but those on the file.
    core: undefined,
    native: NO_NATIVE_FRAMES,
  };
}

export function worksOf(whyNot: WhyNot): Works {
  const { record, blocking, dump, locals, core, native } = whyNot;
  const works = (problem: Problem | undefined) => problem === undefined;
  return {
    record: works(record),
    blocking: works(blocking),
    dump: works(dump),
    locals: works(locals),
    core: works(core),
    native: works(native),
  };
}

export function problemOf(problem: Diagnosis["problem"], invocation: Invocation): Problem | undefined {
  if (problem === undefined) return undefined;
  const { code, message } = problem;
  return { code, message, advice: adviceFor(problem, invocation) };
}

const NO_NATIVE_FRAMES: Problem = {
  code: "not-available",
  message: "pyspy does not show native frames yet",
  advice: undefined,
};
