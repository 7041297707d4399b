import type { CoreFile, CoreMapping } from "@pyspy/binary-symbols";
import type { MemoryMap } from "@pyspy/proc-memory";
import { gapsIn } from "./core-memory.js";

const DELETED_MARK = " (deleted)";

/**
 * What was mapped in the process of a core file, as `/proc/PID/maps` would have said it. A core has no inodes: files are
 * numbered by their paths.
 */
export function coreMaps({ segments, mappings }: CoreFile): readonly MemoryMap[] {
  const inodes = new Map<string, number>();
  const fileOf = ({ path }: CoreMapping) => {
    const inode = inodes.get(path) ?? inodes.size + 1;
    inodes.set(path, inode);
    const name = withoutDeletedMark(path);
    return { inode, path: name, deleted: name !== path };
  };
  const parts = new Map<string, number>();
  for (const { path } of mappings) parts.set(path, (parts.get(path) ?? 0) + 1);
  const maps: MemoryMap[] = [];
  const taken: { readonly start: number; readonly end: number }[] = [];
  let next = 0;
  for (const { imageOffset: start, memorySize, readable, writable, executable } of segments) {
    const end = start + memorySize;
    if (memorySize > 0) taken.push({ start, end });
    while ((mappings[next]?.end ?? Number.POSITIVE_INFINITY) <= start) next++;
    const mapping = mappings[next];
    const isInFile = mapping !== undefined && mapping.start <= start;
    maps.push({
      ...{ start, end, readable, writable, executable, shared: false, device: "00:00" },
      offset: isInFile ? mapping.fileOffset + start - mapping.start : 0,
      ...(isInFile ? fileOf(mapping) : { inode: 0, path: "", deleted: false }),
    });
  }
  for (const mapping of mappings) {
    // Debuggers write no segment for what the file has as well: nothing wrote there. A binary has other parts, and this is its code.
    const executable = (parts.get(mapping.path) ?? 0) > 1;
    for (const { start, end } of gapsIn(mapping.start, mapping.end, taken)) {
      maps.push({
        ...{ start, end, readable: true, writable: false, executable, shared: false, device: "00:00" },
        offset: mapping.fileOffset + start - mapping.start,
        ...fileOf(mapping),
      });
    }
  }
  return maps.sort((left, right) => left.start - right.start);
}

/** The kernel writes " (deleted)" behind the path of a file that has no name any more. */
export function withoutDeletedMark(path: string): string {
  return path.endsWith(DELETED_MARK) ? path.slice(0, -DELETED_MARK.length) : path;
}
