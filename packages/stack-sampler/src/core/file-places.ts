import { accessSync, constants, existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { openFileSource, openImage, ParseError } from "@pyspy/binary-symbols";
import { SamplerError } from "../sampler-error.js";

/** Where the files are that the process of a core had mapped. */
export interface FilePlaces {
  /** The program's own file, wherever it is here. */
  readonly executable?: string;
  /** A folder that stands for the root of the system that the core is from; its paths are looked up in there only. */
  readonly sysroot?: string;
  /** Folders that are looked through by a file's name alone, before all others. */
  readonly librarySearchPath?: readonly string[];
}

/** Who names a place wants it to be used. Throws {@link SamplerError} `unusable-file` for one that cannot be. */
export function checkPlaces({ executable, sysroot, librarySearchPath = [] }: FilePlaces): void {
  if (executable !== undefined) refuse(executable, "the executable", reasonAgainstBinary(executable));
  if (sysroot !== undefined) refuse(sysroot, "the root folder", reasonAgainstFolder(sysroot));
  for (const folder of librarySearchPath) {
    refuse(folder, "a search path of libraries", reasonAgainstFolder(folder));
  }
}

/** Folders of libraries in which there is none of these files by its name. */
export function uselessFolders(
  { librarySearchPath = [] }: FilePlaces,
  paths: readonly string[],
): readonly string[] {
  const names = new Set(paths.map((path) => basename(path)));
  return librarySearchPath.filter((folder) => ![...names].some((name) => existsSync(join(folder, name))));
}

function refuse(path: string, use: string, reason: string | undefined): void {
  if (reason !== undefined)
    throw new SamplerError("unusable-file", `Cannot use ${path} as ${use}: ${reason}`);
}

function reasonAgainstFolder(path: string): string | undefined {
  try {
    if (!statSync(path).isDirectory()) return "it is no folder";
    accessSync(path, constants.R_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return reasonOf(error, "folder");
  }
}

function reasonAgainstBinary(path: string): string | undefined {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return stat.isDirectory() ? "it is a folder" : "it is not a regular file";
    using file = openFileSource(path);
    openImage(file);
    return undefined;
  } catch (error) {
    if (error instanceof ParseError) {
      return error.code === "not-an-elf" ? "it is not an ELF file" : error.message;
    }
    return reasonOf(error, "file");
  }
}

/** Why a file or folder cannot be had, in words. */
export function reasonOf(error: unknown, what: "file" | "folder"): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return `there is no such ${what}`;
    case "EACCES":
    case "EPERM":
      return "this user may not read it";
    case "ENOSPC":
      return "there is no room to unpack it in the folder for temporary files";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
