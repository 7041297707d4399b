import { posix } from "node:path";
import { type ByteSource, bufferByteSource } from "./byte-source.js";
import { checksumOf, readDebugLink } from "./elf/debug-link.js";
import type { BinaryImage } from "./image.js";
import { openImage } from "./open-image.js";
import { ParseError } from "./parse-error.js";
import { SeparateDebugImage } from "./separate-debug-image.js";
import { unpackXz } from "./xz.js";

/** The symbols and debug information that a stripped binary has somewhere else. */
export interface DebugImage extends Disposable {
  /**
   * The sections and symbols of the debug file; image offsets are the binary's. What is loaded at run time (segments,
   * load bias, {@link BinaryImage.bytesAt}) is asked of the stripped binary, because a debug file does not have it.
   */
  readonly image: BinaryImage;
  /** How it was found. */
  readonly kind: "build-id" | "debuglink" | "gnu_debugdata";
  /** The file that it is in; for `gnu_debugdata` the binary itself. */
  readonly path: string;
  close(): void;
}

/**
 * Why a file that was found is not taken: it is of another build (`other-build-id`, `other-checksum`), or it is not a
 * readable binary.
 */
export type DebugFileRejection = "other-build-id" | "other-checksum" | "unreadable";

export interface DebugFileOptions {
  /** Where the binary is, as `openFile` understands it: beside it and below its folder's name debug files are looked for. */
  readonly path: string;
  /** Opens a file; undefined where there is none. What is not handed out by {@link findDebugImage} is closed by it. */
  openFile(path: string): (ByteSource & { close(): void }) | undefined;
  /** The roots of trees of debug files; `/usr/lib/debug` unless told. */
  readonly directories?: readonly string[];
  /** Hears of every file that was found and not taken. */
  onRejected?(path: string, rejection: DebugFileRejection): void;
}

const DEFAULT_DIRECTORIES = ["/usr/lib/debug"];

/**
 * Finds the separate debug file of a binary, where GDB would look for it:
 * 1. `DIR/.build-id/ab/cdef….debug` for the build id abcdef…, which must be that file's build id too;
 * 2. the name in `.gnu_debuglink`, beside the binary, in `.debug/` beside it, and in `DIR` + the binary's folder; the
 *    checksum of all of the file must be the one in the link;
 * 3. `.gnu_debugdata`, a small xz-compressed debug file inside of the binary (Fedora's "MiniDebugInfo"), which has
 *    only those functions that are not in `.dynsym`.
 *
 * A file with another build id is never taken. The image that is given can also be one of
 * {@link openLoadedImage}, which has a build id and no sections. It must stay open as long as the result is used.
 *
 * Throws {@link ParseError} if the binary's own sections are damaged, and what `openFile` throws.
 * Source: GDB manual, "Debugging Information in Separate Files" and "Debugging information in a special section".
 *
 * ```ts
 * using debug = await findDebugImage(image, {
 *   path: "/usr/bin/python3.11",
 *   openFile: (path) => (existsSync(path) ? openFileSource(path) : undefined),
 * });
 * const offset = (image.symbol("interp_head") ?? debug?.image.symbol("interp_head"))?.imageOffset;
 * ```
 */
export async function findDebugImage(
  image: BinaryImage,
  options: DebugFileOptions,
): Promise<DebugImage | undefined> {
  for (const candidate of candidatesFor(image, options)) {
    const found = openCandidate(image, candidate, options);
    if (found) return found;
  }
  return await unpackDebugData(image, options);
}

interface Candidate {
  readonly kind: "build-id" | "debuglink";
  readonly path: string;
  readonly crc?: number;
}

function* candidatesFor(
  image: BinaryImage,
  { path, directories = DEFAULT_DIRECTORIES }: DebugFileOptions,
): Iterable<Candidate> {
  const { buildId = "" } = image;
  if (buildId.length > 2) {
    const place = posix.join(".build-id", buildId.slice(0, 2), `${buildId.slice(2)}.debug`);
    for (const directory of directories) yield { kind: "build-id", path: posix.join(directory, place) };
  }
  const link = readDebugLink(image);
  if (!link) return;
  const folder = posix.dirname(path);
  const trees = directories.map((directory) => posix.join(directory, folder));
  for (const place of [folder, posix.join(folder, ".debug"), ...trees]) {
    const file = posix.join(place, link.name);
    // Debug files in a tree of their own often have the binary's name.
    if (file !== posix.normalize(path)) yield { kind: "debuglink", path: file, crc: link.crc };
  }
}

function openCandidate(
  image: BinaryImage,
  candidate: Candidate,
  options: DebugFileOptions,
): DebugImage | undefined {
  const { kind, path } = candidate;
  const source = options.openFile(path);
  if (!source) return undefined;
  let found: DebugImage | undefined;
  try {
    const debug = openImage(source);
    const rejection = rejectionOf(image, candidate, debug, source);
    if (rejection) options.onRejected?.(path, rejection);
    else found = debugImage(image, debug, kind, path, () => source.close());
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    options.onRejected?.(path, "unreadable");
  } finally {
    if (!found) source.close();
  }
  return found;
}

function rejectionOf(
  image: BinaryImage,
  { kind, crc }: Candidate,
  debug: BinaryImage,
  source: ByteSource,
): DebugFileRejection | undefined {
  if (kind === "build-id" ? debug.buildId !== image.buildId : isOfAnotherBuild(image, debug)) {
    return "other-build-id";
  }
  return crc !== undefined && checksumOf(source) !== crc ? "other-checksum" : undefined;
}

function isOfAnotherBuild(image: BinaryImage, debug: BinaryImage): boolean {
  return image.buildId !== undefined && debug.buildId !== undefined && image.buildId !== debug.buildId;
}

async function unpackDebugData(
  image: BinaryImage,
  options: DebugFileOptions,
): Promise<DebugImage | undefined> {
  const section = image.section(".gnu_debugdata");
  if (!section?.inFile) return undefined;
  const debug = openImage(bufferByteSource(await unpackXz(image.sectionBytes(section), section.name)));
  if (isOfAnotherBuild(image, debug)) {
    options.onRejected?.(options.path, "other-build-id");
    return undefined;
  }
  return debugImage(image, debug, "gnu_debugdata", options.path, () => {});
}

function debugImage(
  binary: BinaryImage,
  debug: BinaryImage,
  kind: DebugImage["kind"],
  path: string,
  close: () => void,
): DebugImage {
  return { image: new SeparateDebugImage(binary, debug), kind, path, close, [Symbol.dispose]: close };
}
