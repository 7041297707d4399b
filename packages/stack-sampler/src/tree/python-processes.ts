import { formatVersion } from "@pyspy/cpython-layouts";
import { listProcesses, openProcess, type Pid } from "@pyspy/proc-memory";
import { RuntimeFinder } from "../discovery/runtime-finder.js";
import { samplerErrorOf } from "../sampler-error-of.js";

/** A process with a Python that can be looked into. */
export interface PythonProcess {
  readonly pid: Pid;
  /** "3.13.0" */
  readonly version: string;
  readonly executable: string | undefined;
  readonly commandLine: readonly string[];
}

export interface PythonProcesses {
  /** By ascending id. */
  readonly processes: readonly PythonProcess[];
  /** How many processes may not be looked into, whatever they are. */
  readonly denied: number;
}

/**
 * Finds the processes that can be looked into.
 *
 * Rejects with {@link SamplerError} `unsupported-platform`.
 *
 * @param isWanted - by its command line, which is cheaper than to look for a Python in it
 */
export async function listPythonProcesses(
  isWanted: (commandLine: readonly string[]) => boolean = () => true,
): Promise<PythonProcesses> {
  const processes: PythonProcess[] = [];
  let denied = 0;
  for (const pid of visibleProcesses()) {
    try {
      const found = await pythonIn(pid, isWanted);
      if (found !== undefined) processes.push(found);
    } catch (error) {
      const { code } = samplerErrorOf(error);
      if (code === "permission-denied") denied += 1;
      // Others have ended meanwhile.
    }
  }
  return { processes, denied };
}

function visibleProcesses(): Pid[] {
  try {
    return listProcesses().filter((pid) => pid !== process.pid);
  } catch (error) {
    throw samplerErrorOf(error);
  }
}

async function pythonIn(
  pid: Pid,
  isWanted: (commandLine: readonly string[]) => boolean,
): Promise<PythonProcess | undefined> {
  using target = openProcess(pid);
  const { executable, commandLine } = target;
  // Threads of the kernel have none.
  if (commandLine.length === 0 || !isWanted(commandLine)) return undefined;
  const discovery = await new RuntimeFinder(target).find();
  if (discovery.kind !== "found" || discovery.runtimes[0] === undefined) return undefined;
  return { pid, version: formatVersion(discovery.runtimes[0].layout.version), executable, commandLine };
}
