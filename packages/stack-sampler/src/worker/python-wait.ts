import { formatVersion } from "@pyspy/cpython-layouts";
import { dateOfStart, type LiveProcess } from "@pyspy/proc-memory";
import type { Discovery } from "../discovery/discovery.js";
import { discoveryError } from "../discovery/discovery-error.js";
import { RuntimeFinder } from "../discovery/runtime-finder.js";
import { monotonicTime } from "../monotonic-time.js";
import type { PythonRuntime } from "../python/python-runtime.js";
import type { PythonDescription } from "../sampler.js";
import { endedTooSoon } from "./ended-too-soon.js";

/** Milliseconds between two looks, at first and at most: a program may show what it is at once, or after a long start. */
export const FIRST_PAUSE = 0.5;
export const LONGEST_PAUSE = 10;
export const PAUSE_GROWTH = 1.5;

/** How long an attached process that shows no Python may still be about to execute one, unless it has run for longer than a start takes. */
const ABSENT_MILLISECONDS = 40;
const START_MILLISECONDS = 10_000;

/** How long, in seconds, is to be waited for a Python that is attached to. */
interface AttachLimits {
  readonly startTimeout: number;
  readonly duration?: number | undefined;
}

/** How long to wait for a Python, in milliseconds. */
export interface Patience {
  /** While nothing that is mapped is a Python, or one that has ended: a shell may be about to execute one, the process to exit. */
  readonly absent: number;
  /** While there is one that is not ready. */
  readonly starting: number;
}

/**
 * Waits until the process has a Python that can be sampled, sleeping with `pause`, which says whether to go on. Undefined
 * if the process ends, or is to be let go, before that. Throws {@link SamplerError} when there is none to wait for.
 */
export async function waitForPython(
  process: LiveProcess,
  finder: Pick<RuntimeFinder, "find">,
  patience: Patience,
  pause: (milliseconds: number) => boolean | Promise<boolean>,
): Promise<readonly PythonRuntime[] | undefined> {
  const start = monotonicTime();
  for (let length = FIRST_PAUSE; ; length = Math.min(length * PAUSE_GROWTH, LONGEST_PAUSE)) {
    const began = monotonicTime();
    const discovery = await finder.find();
    if (discovery.kind === "found") return discovery.runtimes;
    if (!process.isAlive()) return undefined;
    // A first look takes long, at a large binary of which the process may be about to execute another.
    if (!isWorthWaiting(discovery, patience, began - start))
      throw discoveryError(process, discovery, monotonicTime() - start);
    if (!(await pause(length))) return undefined;
  }
}

/**
 * The Pythons of a process that is attached to, waited for on the event loop. Rejects with {@link SamplerError} if
 * there is none to wait for, if the process ends, and when `signal` is aborted before there is one.
 */
export async function attachedPythons(
  process: LiveProcess,
  limits: AttachLimits,
  signal?: AbortSignal,
): Promise<readonly [PythonRuntime, ...PythonRuntime[]]> {
  const { pid, startTime } = process;
  const finder = new RuntimeFinder(process);
  const runtimes = await waitForPython(
    process,
    finder,
    attachPatience(process, limits),
    async (milliseconds) => {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      return signal?.aborted !== true;
    },
  );
  const [first, ...others] = runtimes ?? [];
  if (first !== undefined) return [first, ...others];
  const reason = signal?.aborted ? "stopped" : "exited";
  throw endedTooSoon({ kind: "attach", pid, startTime }, reason, process.exitStatus());
}

/** One that is attached to should be a Python already, or about to execute one. */
export function attachPatience(
  process: Pick<LiveProcess, "startTime">,
  { startTimeout, duration = Number.POSITIVE_INFINITY }: AttachLimits,
): Patience {
  const age = Date.now() - dateOfStart(process).getTime();
  return {
    absent: age > START_MILLISECONDS ? 0 : Math.min(ABSENT_MILLISECONDS, duration * 1000),
    starting: Math.min(startTimeout, duration) * 1000,
  };
}

export function describePython(process: LiveProcess, { layout, image }: PythonRuntime): PythonDescription {
  const { version, freeThreaded } = layout;
  return { version: formatVersion(version), executable: process.executable ?? image, freeThreaded };
}

/** Whether there may still be a Python where none was found after so many milliseconds. */
export function isWorthWaiting(discovery: Discovery, patience: Patience, waited: number): boolean {
  if (discovery.kind === "absent" || discovery.kind === "finalized") return waited < patience.absent;
  return discovery.kind === "starting" && waited < patience.starting;
}
