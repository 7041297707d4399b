export { batchesOf, profileOfBatches } from "./batch-profile.js";
export { collapsedStacks, writeCollapsed } from "./formats/collapsed.js";
export { type FlamegraphOptions, renderFlamegraphSvg } from "./formats/flamegraph-svg.js";
export type { FormatOptions, FormatWriter } from "./formats/format-options.js";
export type { Profile, ProfileMetadata } from "./profile.js";
export { ProfileBuilder } from "./profile-builder.js";
export {
  isProfileError,
  ProfileError,
  type ProfileErrorCode,
  type ProfileErrorFacts,
} from "./profile-error.js";
export { type ProfileFormat, type ProfileFormatName, profileFormats } from "./profile-formats.js";
export { readProfile } from "./profile-readers.js";
export { RecordingFile, RecordingFileSource } from "./recording/recording-file.js";
export { type ByteSource, isRecording, type Recording, readRecording } from "./recording/recording-reader.js";
export { RecordingWriter } from "./recording/recording-writer.js";
export {
  type FrameColumns,
  type FrameId,
  type FunctionId,
  type FunctionRecord,
  type Nanoseconds,
  type NodeColumns,
  type NodeId,
  type ProcessId,
  type ProcessRecord,
  type SampleBatch,
  type SampleColumns,
  type SampleCounters,
  SampleState,
  type ThreadId,
  type ThreadRecord,
} from "./sample-batch.js";
export { countSamples, type SampleChoice } from "./sample-totals.js";
export { type CodeOrigin, shortFileName } from "./source-file.js";
export type { LabelOptions, StackLabel } from "./stack-label.js";
export { type FoldOptions, foldStacks, type StackTree } from "./stack-tree.js";
export { type FunctionSummary, type ProfileSummary, summarize, type ThreadSummary } from "./summary.js";
export { BatchFilter, type BatchSelection } from "./view/batch-filter.js";
export { mergeProfiles } from "./view/merge-profiles.js";
export { type SampleView, sampleViews } from "./view/sample-views.js";
export { type SampleSelection, selectSamples } from "./view/select-samples.js";
