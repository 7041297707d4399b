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
export { type DiagnosedPython, type Diagnosis, diagnose } from "./diagnose.js";
export type { DiscoveryMethod, DiscoveryStep } from "./discovery/discovery.js";
export type { VariableKind } from "./locals/frame-variables.js";
export type { RenderOptions } from "./locals/limits.js";
export {
  type FrameLocals,
  type LocalsOptions,
  LocalsReader,
  type LocalVariable,
  type RenderedValue,
  readLocals,
} from "./locals/locals-reader.js";
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
