import type { FamilyMember } from "../open-process.js";
import type { Permissions } from "../permissions.js";
import { ProcessError } from "../process-error.js";
import type { LiveProcess, Pid, Tid } from "../process-view.js";
import type { ProcessWatch } from "../process-watch.js";
import type { SpawnedProcess, SpawnOptions } from "../spawn.js";
import type { ThreadStopper } from "../stop.js";
import { linux } from "./linux/linux.js";

/** What an operating system has to provide. */
export interface Platform {
  openProcess(pid: Pid): LiveProcess;
  isProcessAlive(pid: Pid): boolean;
  listProcesses(): Pid[];
  readFamily(): FamilyMember[];
  watchProcesses(): ProcessWatch;
  sharesMemory(pid: Pid, other: Pid): boolean;
  dateOfStart(startTime: number): Date;
  spawn(program: readonly string[], options: SpawnOptions): SpawnedProcess;
  inspectPermissions(pid: Pid): Permissions;
  /** What a filter of this process says to `ptrace`: undefined, an error or a signal, or "unavailable". Takes long. */
  tryPtrace(): string | undefined;
  openThreadStopper(pid: Pid, tid?: Tid): ThreadStopper;
  takeShortTurns(): boolean;
  dropTimerSlack(): void;
  nap(milliseconds: number): void;
}

/** The platform we run on. `action` says in an error what could not be done: "open process 1234". */
export function platformTo(action: string): Platform {
  const { platform, arch } = process;
  if (platform === "linux" && arch === "x64") return linux;
  throw new ProcessError(
    "unsupported-platform",
    `Cannot ${action}: ${platform} on ${arch} is not supported, only linux on x64 is`,
  );
}
