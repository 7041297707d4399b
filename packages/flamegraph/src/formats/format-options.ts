import type { Profile, ProfileMetadata } from "../profile.js";
import type { FoldOptions } from "../stack-tree.js";

/** How a profile is shown; each format takes of it what it can say. */
export interface FormatOptions extends FoldOptions {
  /** Default: the profile's title, else its command. */
  readonly title?: string;
  /** Functions that a summary lists. Default 20. */
  readonly top?: number;
  /** Frames of a flame graph narrower than this percentage of all samples are left out. Default 0.1. */
  readonly minWidth?: number;
}

/** Writes a profile as a file of one format, in pieces. A profile without samples is a valid file, too. */
export type FormatWriter = (profile: Profile, options?: FormatOptions) => Iterable<string | Uint8Array>;

export function titleOf(metadata: ProfileMetadata, options: FormatOptions): string {
  return options.title ?? metadata.title ?? metadata.command.join(" ");
}

/** Who wrote the file, as formats ask: `pyspy` and, if it is known, the version after `separator`. */
export function creatorOf({ versions }: ProfileMetadata, separator: string): string {
  const version = versions?.["pyspy"];
  return version === undefined ? "pyspy" : `pyspy${separator}${version}`;
}
