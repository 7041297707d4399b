import type { MemoryMap, ProcessView } from "@pyspy/proc-memory";
import { mappedBinaries } from "./discovery/mapped-binaries.js";

/** An executable or library that is no longer where the process has it from. */
export interface ChangedFile {
  readonly path: string;
  /** `replaced`: another file has its path now. */
  readonly change: "deleted" | "replaced";
  /** `file`: it can still be opened, through /proc. `memory`: only what is loaded of it can be read. */
  readonly readFrom: "file" | "memory";
}

/** What never had a name in a file system, and so is called deleted: `memfd_create`, `shmget`, and a shared `/dev/zero`. */
const WITHOUT_NAME = /^(?!\/)|^\/memfd:|^\/SYSV|^\/dev\//;

/** What a process runs whose file has been deleted or replaced since it was mapped. */
export function changedFiles(
  process: ProcessView,
  maps: readonly MemoryMap[],
  executable: string | undefined,
): readonly ChangedFile[] {
  return mappedBinaries(maps, executable)
    .filter(({ path, maps: [map] }) => map.deleted && !WITHOUT_NAME.test(path))
    .map(({ path, maps: [map] }) => ({
      path,
      change: isThere(process.openFile(path)) ? "replaced" : "deleted",
      readFrom: isThere(process.openMappedFile(map)) ? "file" : "memory",
    }));
}

function isThere(file: { close(): void } | undefined): boolean {
  file?.close();
  return file !== undefined;
}
