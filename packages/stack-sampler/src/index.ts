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
export { attach } from "./attached-sampler.js";
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
  AttachedSampler,
  LaunchedSampler,
  LaunchOptions,
  PythonDescription,
  Sampler,
  SamplerEnd,
  SamplerOptions,
  SamplingStatistics,
} from "./sampler.js";
export type { SamplerErrorCode, SamplerErrorFacts } from "./sampler-error.js";
export { isSamplerError, SamplerError } from "./sampler-error.js";
export { launch } from "./worker-sampler.js";
