import { statSync } from "node:fs";
import {
  type CoreFile,
  type FileSource,
  openFileSource,
  ParseError,
  readCoreFile,
} from "@pyspy/binary-symbols";
import { SamplerError } from "../sampler-error.js";
import { reasonOf } from "./file-places.js";
import { type Compression, canUnpack, compressionOf, unpackedFile } from "./unpacked-file.js";

/** A core file that is open. */
export interface CoreSource {
  readonly path: string;
  readonly core: CoreFile;
  /** The core's bytes, unpacked. The caller closes it. */
  readonly file: FileSource;
  /** What is not as it should be, a sentence each. */
  readonly warnings: readonly string[];
  /** It has lost what tells its process, threads and files; undefined if it has not. */
  readonly loss: SamplerError | undefined;
}

/** Opens a core file, a compressed one too. Rejects with {@link SamplerError}: `unreadable-core`, `not-a-core`. */
export async function openCoreSource(path: string): Promise<CoreSource> {
  const { file, damage } = await openUnpacked(path);
  try {
    const core = readCoreFile(file);
    const isCutOff = file.size < core.fullSize;
    const there = `${file.size} of ${core.fullSize} bytes are there`;
    const lost = lostNotes(core);
    if (hasNoNotes(core) || (isCutOff && core.mappings.length === 0)) {
      const message = isCutOff
        ? `The core file ${path} is cut off: ${damage ?? there}, and what names its ${lost} (notes, which gdb writes last) is not among them`
        : `The core file ${path} has no notes, which name the process, threads and files of a core`;
      return { path, core, file, warnings: [], loss: new SamplerError("incomplete-core", message) };
    }
    const warnings: string[] = [];
    if (damage !== undefined)
      warnings.push(`The compressed core file ends too early or is damaged: ${damage}`);
    if (isCutOff) warnings.push(`The core file is cut off: ${there}`);
    if (core.mappings.length === 0) {
      warnings.push("The core file does not tell which files were mapped: that note (NT_FILE) is missing");
    }
    return { path, core, file, warnings, loss: undefined };
  } catch (error) {
    file.close();
    if (error instanceof ParseError) throw coreError(path, error);
    throw error;
  }
}

/** What is not named, in words. */
function lostNotes({ process, threads, mappings }: CoreFile): string {
  const lost = [
    ...(process === undefined ? ["process"] : []),
    ...(threads.length === 0 ? ["threads"] : []),
    ...(mappings.length === 0 ? ["files"] : []),
  ];
  return lost.length > 1 ? `${lost.slice(0, -1).join(", ")} and ${lost.at(-1)}` : lost.join();
}

function hasNoNotes({ process, threads, mappings, auxiliaryVector }: CoreFile): boolean {
  return process === undefined && threads.length + mappings.length + auxiliaryVector.size === 0;
}

/** `damage` tells why a compressed file could not be unpacked to its end. */
async function openUnpacked(path: string): Promise<{ file: FileSource; damage: string | undefined }> {
  let packed: FileSource | undefined;
  try {
    // A pipe or a device would give nothing, and opening one can do something.
    const stat = statSync(path);
    if (stat.isDirectory())
      throw new SamplerError("unreadable-core", `Cannot read core file ${path}: it is a folder`);
    if (!stat.isFile())
      throw new SamplerError("unreadable-core", `Cannot read core file ${path}: it is not a regular file`);
    packed = openFileSource(path);
    if (packed.size === 0)
      throw new SamplerError("unreadable-core", `Cannot read core file ${path}: it is empty`);
    const compression = compressionOf(packed.read(0, 8));
    if (compression === undefined) return { file: packed, damage: undefined };
    packed.close();
    if (!canUnpack(compression)) throw new SamplerError("unreadable-core", cannotUnpack(path, compression));
    return await unpackedFile(path, compression);
  } catch (error) {
    packed?.close();
    if (error instanceof SamplerError) throw error;
    throw new SamplerError("unreadable-core", `Cannot read core file ${path}: ${reasonOf(error, "file")}`, {
      cause: error,
    });
  }
}

function cannotUnpack(path: string, compression: Compression): string {
  const where = compression === "zstd" ? " by this Node (by 22.15 and later it can)" : "";
  return `Cannot read core file ${path}: it is compressed with ${compression}, which cannot be unpacked${where}`;
}

function coreError(path: string, error: ParseError): SamplerError {
  switch (error.code) {
    case "not-an-elf":
      return new SamplerError("not-a-core", `${path} is not a core file: it is not an ELF file`, {
        cause: error,
      });
    case "not-a-core":
      return new SamplerError(
        "not-a-core",
        `${path} is not a core file: it is a program or a shared library`,
        {
          cause: error,
        },
      );
    default:
      return new SamplerError("unreadable-core", `Cannot read core file ${path}: ${error.message}`, {
        cause: error,
      });
  }
}
