import type { Platform } from "../platform.js";
import { inspectLinuxPermissions } from "./inspect-permissions.js";
import {
  dateOfLinuxStart,
  isLinuxProcessAlive,
  listLinuxProcesses,
  openLinuxProcess,
  readLinuxFamily,
} from "./linux-process.js";
import { LinuxProcessWatch, linuxProcessesShareMemory } from "./linux-process-watch.js";
import { napOnLinux } from "./nap.js";
import { spawnProgram } from "./posix-spawn.js";
import { openPtraceStopper } from "./ptrace-stopper.js";
import { tryPtrace } from "./ptrace-trial.js";
import { takeShortLinuxTurns } from "./short-turns.js";
import { dropLinuxTimerSlack } from "./timer-slack.js";

/** Linux on 64-bit little-endian processors. */
export const linux: Platform = {
  openProcess: openLinuxProcess,
  isProcessAlive: isLinuxProcessAlive,
  listProcesses: listLinuxProcesses,
  readFamily: readLinuxFamily,
  watchProcesses: () => new LinuxProcessWatch(),
  sharesMemory: linuxProcessesShareMemory,
  dateOfStart: dateOfLinuxStart,
  spawn: spawnProgram,
  inspectPermissions: (pid) => inspectLinuxPermissions(pid),
  tryPtrace,
  openThreadStopper: openPtraceStopper,
  takeShortTurns: takeShortLinuxTurns,
  dropTimerSlack: dropLinuxTimerSlack,
  nap: napOnLinux,
};
