export { type Denial, type DenialReason, type DeniedAction, denialSentence } from "./denial.js";
export { type ExitStatus, exitSentence } from "./exit-status.js";
export { type MemoryMap, parseMaps } from "./maps.js";
export { MemoryError, type MemoryErrorFacts } from "./memory-error.js";
export {
  type Address,
  type MemoryReader,
  type ReadCosts,
  type ReadFailure,
  readCString,
  readExactly,
  readInt32,
  readPointer,
  readRangeByRange,
  readUint32,
} from "./memory-reader.js";
export { nap } from "./nap.js";
export {
  dateOfStart,
  type FamilyMember,
  isProcessAlive,
  listProcesses,
  openProcess,
  readFamily,
} from "./open-process.js";
export {
  type ContainerRuntime,
  explainDenial,
  inspectPermissions,
  type NamespaceRelation,
  type Permissions,
  type ProcessIds,
  type ProcessSecurity,
  type SeccompMode,
  type TargetSecurity,
  type Trial,
} from "./permissions.js";
export { ProcessError, type ProcessErrorCode, type ProcessErrorFacts } from "./process-error.js";
export type { LiveProcess, MappedFile, Pid, ProcessView, Tid } from "./process-view.js";
export { type ProcessWatch, sharesMemory, watchProcesses } from "./process-watch.js";
export { ScatterRead } from "./scatter-read.js";
export { takeShortTurns } from "./short-turns.js";
export { type ProgramUser, type SpawnedProcess, type SpawnOptions, spawn } from "./spawn.js";
export { openThreadStopper, type StopOutcome, type ThreadStopper } from "./stop.js";
export { StopBudget, type StopStatistics } from "./stop-budget.js";
export type { Nanoseconds, ThreadActivity, ThreadState } from "./thread-activity.js";
export { dropTimerSlack } from "./timer-slack.js";
