import { statSync } from "node:fs";
import {
  type CoreFile,
  type FileSource,
  openFileSource,
  ParseError,
  readCoreFile,
} from "@pyspy/binary-symbols";
import { SamplerError } from "../sampler-error.js";
import { type Compression, canUnpack, compressionOf, unpackedFile } from "./unpacked-file.js";

/** A core file that is open. */
export interface CoreSource {
  readonly path: string;
  readonly core: CoreFile;
  /** The core's bytes, unpacked. The caller closes it. */
  readonly file: FileSource;
  /** What is not as it should be, a sentence each. */
  readonly warnings: readonly string[];
}

/** Opens a core file, a compressed one too. Rejects with {@link SamplerError}: `unreadable-core`, `not-a-core`. */
export async function openCoreSource(path: string): Promise<CoreSource> {
  const { file, warnings } = await openUnpacked(path);
  try {
    const core = readCoreFile(file);
    if (file.size < core.fullSize) {
      warnings.push(`The core file is cut off: ${file.size} of ${core.fullSize} bytes are there`);
    }
    if (core.mappings.length === 0) {
      warnings.push("The core file does not tell which files were mapped: that note (NT_FILE) is missing");
    }
    return { path, core, file, warnings };
  } catch (error) {
    file.close();
    if (error instanceof ParseError) throw coreError(path, error);
    throw error;
  }
}

async function openUnpacked(path: string): Promise<{ file: FileSource; warnings: string[] }> {
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
    if (compression === undefined) return { file: packed, warnings: [] };
    packed.close();
    if (!canUnpack(compression)) throw new SamplerError("unreadable-core", cannotUnpack(path, compression));
    const { file, damage } = await unpackedFile(path, compression);
    const warnings =
      damage === undefined ? [] : [`The compressed core file ends too early or is damaged: ${damage}`];
    return { file, warnings };
  } catch (error) {
    packed?.close();
    if (error instanceof SamplerError) throw error;
    throw new SamplerError("unreadable-core", `Cannot read core file ${path}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function cannotUnpack(path: string, compression: Compression): string {
  const where = compression === "zstd" ? " by this Node (by 22.15 and later it can)" : "";
  return `Cannot read core file ${path}: it is compressed with ${compression}, which cannot be unpacked${where}`;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "this user may not read it",
  EPERM: "this user may not read it",
  ENOSPC: "there is no room to unpack it in the folder for temporary files",
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
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
