import type { Address } from "./memory-reader.js";

/** One mapping of a process (a line of /proc/PID/maps). */
export interface MemoryMap {
  readonly start: Address;
  readonly end: Address;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  readonly shared: boolean;
  /** Offset of `start` in the file, bytes. */
  readonly offset: number;
  /** Device of the file as "major:minor" in hexadecimal, as the kernel writes it; "00:00" for none. */
  readonly device: string;
  /** Inode of the file; 0 for none. */
  readonly inode: number;
  /** Path as the kernel says it, without the " (deleted)" mark; "[heap]" and the like for special ones; "" for anonymous. */
  readonly path: string;
  /** The file has no name any more. */
  readonly deleted: boolean;
}

const LINE =
  /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([r-])([w-])([x-])([ps]) ([0-9a-f]{1,16}) ([0-9a-f]+:[0-9a-f]+) (\d+)(?: +(.*))?$/s;

const DELETED_MARK = " (deleted)";

/**
 * Parses the text of /proc/PID/maps. Lines that are not mappings are skipped, and so are mappings beyond 2^53
 * (the vsyscall page), which are the kernel's and cannot be read.
 *
 * The kernel writes a newline in a path as `\012` and escapes nothing else (`show_map_vma` in
 * fs/proc/task_mmu.c), so a file whose name really has `\012` or ends in " (deleted)" cannot be told apart.
 *
 * ```ts
 * parseMaps("7f0000000000-7f0000001000 r-xp 00002000 fe:00 42 /usr/lib/libm.so.6")[0]?.offset; // 0x2000
 * ```
 */
export function parseMaps(text: string): MemoryMap[] {
  const maps: MemoryMap[] = [];
  for (const line of text.split("\n")) {
    const map = parseLine(line);
    if (map !== undefined) maps.push(map);
  }
  return maps;
}

function parseLine(line: string): MemoryMap | undefined {
  const [, start = "", end = "", read, write, execute, share, offset = "", device = "", inode, name = ""] =
    LINE.exec(line) ?? [];
  const first = Number.parseInt(start, 16);
  const last = Number.parseInt(end, 16);
  if (!(first < last && last <= Number.MAX_SAFE_INTEGER)) return undefined;
  const deleted = name.endsWith(DELETED_MARK);
  return {
    start: first,
    end: last,
    readable: read === "r",
    writable: write === "w",
    executable: execute === "x",
    shared: share === "s",
    offset: Number.parseInt(offset, 16),
    device,
    inode: Number(inode),
    path: (deleted ? name.slice(0, -DELETED_MARK.length) : name).replaceAll("\\012", "\n"),
    deleted,
  };
}
