import { formatVersion } from "@pyspy/cpython-layouts";
import {
  type Denial,
  explainDenial,
  inspectPermissions,
  type LiveProcess,
  openProcess,
  type Permissions,
  type Pid,
  ProcessError,
} from "@pyspy/proc-memory";
import { type ChangedFile, changedFiles } from "./changed-files.js";
import type { Discovery, DiscoveryStep } from "./discovery/discovery.js";
import { discoveryError } from "./discovery/discovery-error.js";
import { RuntimeFinder } from "./discovery/runtime-finder.js";
import type { PythonRuntime } from "./python/python-runtime.js";
import { ThreadList } from "./python/thread-list.js";
import type { SamplerError } from "./sampler-error.js";
import { samplerErrorOf } from "./sampler-error-of.js";

/** A Python that was found in a process. */
export interface DiagnosedPython {
  /** "3.13.0" */
  readonly version: string;
  /** Path of the executable or library that it is in. */
  readonly image: string;
  readonly pointerSize: 4 | 8;
  readonly freeThreaded: boolean;
  /** False if it is newer than what was tested. */
  readonly verified: boolean;
  readonly interpreters: number;
  readonly threads: number;
}

/** Whether a process can be sampled, and everything that was looked at to tell. */
export interface Diagnosis {
  readonly pid: Pid;
  readonly executable: string | undefined;
  readonly commandLine: readonly string[];
  readonly permissions: Permissions;
  /** Why its memory may not be read; undefined if it may. */
  readonly readDenial: Denial | undefined;
  /** Why its threads may not be stopped, which only sampling with stops needs; undefined if nothing speaks against it. */
  readonly stopDenial: Denial | undefined;
  /** Executables and libraries that it runs whose files have been deleted or replaced since. */
  readonly changedFiles: readonly ChangedFile[];
  /** Every look for a Python, in order. */
  readonly steps: readonly DiscoveryStep[];
  readonly pythons: readonly DiagnosedPython[];
  /** Why it cannot be sampled; undefined if it can. */
  readonly problem: SamplerError | undefined;
}

/**
 * Looks at a process as sampling would, and tells what it finds at every step. Nothing is done to the process.
 *
 * Rejects with {@link SamplerError}: `no-such-process`, `exited`, `unsupported-platform`.
 *
 * ```ts
 * const { pythons, problem } = await diagnose(1234);
 * console.log(problem?.message ?? pythons.map(({ version }) => version));
 * ```
 */
export async function diagnose(pid: Pid): Promise<Diagnosis> {
  try {
    using process = openProcess(pid);
    const permissions = inspectPermissions(pid);
    let discovery: Discovery | undefined;
    let problem: SamplerError | undefined;
    try {
      discovery = await new RuntimeFinder(process).findAll();
      if (discovery.kind !== "found") problem = discoveryError(process, discovery);
    } catch (error) {
      problem = samplerErrorOf(error);
    }
    const { executable } = process;
    const runtimes = discovery?.kind === "found" ? discovery.runtimes : [];
    return {
      pid,
      executable,
      commandLine: process.commandLine,
      permissions,
      readDenial: explainDenial(pid),
      stopDenial: explainDenial(pid, "stop"),
      changedFiles: changedFilesOf(process, executable),
      steps: discovery?.steps ?? [],
      pythons: runtimes.map((runtime) => describe(process, runtime)),
      problem,
    };
  } catch (error) {
    throw samplerErrorOf(error);
  }
}

/** None where the maps may not be read. */
function changedFilesOf(process: LiveProcess, executable: string | undefined): readonly ChangedFile[] {
  try {
    return changedFiles(process, process.maps(), executable);
  } catch (error) {
    if (error instanceof ProcessError) return [];
    throw error;
  }
}

function describe(process: LiveProcess, runtime: PythonRuntime): DiagnosedPython {
  const threads = new ThreadList(process, runtime);
  threads.refresh();
  const { version, pointerSize, freeThreaded, verified } = runtime.layout;
  return {
    version: formatVersion(version),
    image: runtime.image,
    pointerSize,
    freeThreaded,
    verified,
    interpreters: threads.interpreters.length,
    threads: threads.interpreters.reduce((sum, interpreter) => sum + interpreter.threads.length, 0),
  };
}
