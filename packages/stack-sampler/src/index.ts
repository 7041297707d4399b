export {
  type ContainerRuntime,
  type Denial,
  type DenialReason,
  type ExitStatus,
  inspectPermissions,
  type NamespaceRelation,
  type Permissions,
  type ProcessIds,
  type ProcessSecurity,
  type SeccompMode,
  type TargetSecurity,
  type Trial,
} from "@pyspy/proc-memory";
export type { FilePlaces } from "./core/binary-files.js";
export { type Core, type CorePython, type CoreThread, openCore } from "./core/open-core.js";
export type { EndSignal } from "./core/signal-text.js";
export type { StackFrame, ThreadStack } from "./core/thread-stacks.js";
export { type DiagnosedPython, type Diagnosis, diagnose } from "./diagnose.js";
export type { DiscoveryMethod, DiscoveryStep } from "./discovery/discovery.js";
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
  LaunchedSampler,
  LaunchOptions,
  PythonDescription,
  Sampler,
  SamplerEnd,
  SamplerOptions,
} from "./sampler.js";
export type { SamplerErrorCode, SamplerErrorFacts } from "./sampler-error.js";
export { isSamplerError, SamplerError } from "./sampler-error.js";
export { attach, launch } from "./worker-sampler.js";
