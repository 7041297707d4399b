export {
  type ContainerRuntime,
  type Denial,
  type DenialReason,
  denialSentence,
  type ExitStatus,
  type MappedFile,
  type NamespaceRelation,
  type Permissions,
  type ProcessIds,
  type ProcessSecurity,
  type ProgramUser,
  type SeccompMode,
  type TargetSecurity,
  type Trial,
} from "@pyspy/proc-memory";
export { attachAll } from "./attach-all.js";
export { attach } from "./attached-sampler.js";
export type { ChangedFile } from "./changed-files.js";
export type { FilePlaces } from "./core/file-places.js";
export { type Core, type CoreOptions, type CoreThread, openCore } from "./core/open-core.js";
export type { EndSignal } from "./core/signal-text.js";
export { type DiagnosedPython, type Diagnosis, diagnose } from "./diagnose.js";
export type { DiscoveryMethod, DiscoveryStep } from "./discovery/discovery.js";
export type { AsyncTask } from "./inspect/async-tasks.js";
export type { StackFrame } from "./inspect/frame-details.js";
export { type InspectedPython, type Inspection, inspect, type Look } from "./inspect/inspect.js";
export type { InspectOptions, ThreadStack } from "./inspect/thread-stacks.js";
export type { VariableKind } from "./locals/frame-variables.js";
export type { RenderOptions } from "./locals/limits.js";
export type { FrameLocals, LocalsOptions, LocalVariable, RenderedValue } from "./locals/locals-reader.js";
export { inspectPermissions } from "./permissions.js";
export type {
  FrameColumns,
  FunctionRecord,
  NodeColumns,
  ProcessRecord,
  SampleBatch,
  SampleColumns,
  SampleCounters,
  ThreadRecord,
} from "./sample-batch.js";
export { SampleState } from "./sample-batch.js";
export type {
  AttachedSampler,
  LaunchedSampler,
  LaunchOptions,
  OtherProcess,
  PythonDescription,
  Sampler,
  SamplerEnd,
  SamplerOptions,
  SamplingStatistics,
} from "./sampler.js";
export type { SamplerErrorCode, SamplerErrorFacts } from "./sampler-error.js";
export { isSamplerError, SamplerError } from "./sampler-error.js";
export type { TaskState } from "./tasks/task-reader.js";
export { processTree, type TreeMember } from "./tree/process-tree.js";
export { listPythonProcesses, type PythonProcess, type PythonProcesses } from "./tree/python-processes.js";
export { launch } from "./worker-sampler.js";
