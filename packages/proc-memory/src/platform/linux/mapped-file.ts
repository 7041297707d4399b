import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readlinkSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import type { MemoryMap } from "../../maps.js";
import type { MappedFile, ProcessView } from "../../process-view.js";

/** The process whose files are opened. */
type Mapper = Pick<ProcessView, "executable" | "memory" | "maps">;

/** A name by which the mapped file may be reached. */
interface Candidate {
  readonly path: string;
  /**
   * What is proof that it is the mapped file besides its inode. On btrfs and overlayfs the device in the maps is not the
   * one that `stat` says, and never will be equal.
   *
   * - `link`: the name leads to the mapped file by construction
   * - `device`: the device is that of the maps
   * - `contents`: that, or it has the bytes that are in memory. Without, files on two file systems that were mounted on
   *   the same place would be mixed up, since small inodes are everywhere
   */
  readonly proof: "link" | "device" | "contents";
}

/** Of a mapping, as much is compared with its file: an ELF file's headers, and most often its build id, are in there. */
const COMPARED_BYTES = 4096;

/**
 * Opens the file behind a mapping of the process whose /proc/PID is `directory`, by the first name that leads to the same device and inode:
 *
 * 1. /proc/PID/map_files, which is the mapping's own file, deleted or not; but only for CAP_SYS_ADMIN or
 *    CAP_CHECKPOINT_RESTORE
 * 2. /proc/PID/exe for the executable, deleted or not
 * 3. its path in the target's root directory, which may be a container's
 * 4. the same if that root is not the top of its mount namespace (`chroot`)
 * 5. its path in ours
 *
 * When the file is deleted, another one can have its path, so then the device has to be the same; and in our root, since
 * a snapshot of a file system has the inodes of its origin.
 */
export function openMappedFile(directory: string, target: Mapper, map: MemoryMap): MappedFile | undefined {
  if (map.inode === 0 || !map.path.startsWith("/")) return undefined;
  const range = `${map.start.toString(16)}-${map.end.toString(16)}`;
  const root = `${directory}/root`;
  const proof = map.deleted ? "device" : "contents";
  const candidates: Candidate[] = [
    { path: `${directory}/map_files/${range}`, proof: "link" },
    { path: `${directory}/exe`, proof: map.path === target.executable ? "contents" : "device" },
    { path: `${root}${map.path}`, proof },
    ...pathsBelow(root, map.path).map((path): Candidate => ({ path, proof })),
    { path: map.path, proof: "device" },
  ];
  for (const candidate of candidates) {
    const file = openIfSame(candidate, target, map);
    if (file !== undefined) return file;
  }
  return undefined;
}

/** Opens a file by its path in the root or working directory of the process of a /proc/PID, else in ours: a chroot's is often both. */
export function openFileOf(directory: string, path: string): MappedFile | undefined {
  const isFile = (stats: Stats): boolean => stats.isFile();
  if (!path.startsWith("/")) return path === "" ? undefined : openIf(isFile, `${directory}/cwd/${path}`);
  return openIf(isFile, `${directory}/root${path}`) ?? openIf(isFile, path);
}

/** Where `path` is in the directory that `root` leads to, if it is in there. */
function pathsBelow(root: string, path: string): string[] {
  try {
    const directory = readlinkSync(root);
    return directory !== "/" && path.startsWith(`${directory}/`) ? [root + path.slice(directory.length)] : [];
  } catch {
    return [];
  }
}

function openIfSame({ path, proof }: Candidate, target: Mapper, map: MemoryMap): MappedFile | undefined {
  const mayBeSame = (stats: Stats): boolean =>
    stats.isFile() && stats.ino === map.inode && (proof !== "device" || deviceOf(stats) === map.device);
  const accepts = (opened: OpenFile, stats: Stats): boolean =>
    proof !== "contents" || deviceOf(stats) === map.device || isInMemory(opened, target, map);
  return openIf(mayBeSame, path, accepts);
}

/** Opens the file at `path` if it is the wanted one by what `stat` says of it, and then by what it holds. */
function openIf(
  isWanted: (stats: Stats) => boolean,
  path: string,
  accepts: (opened: OpenFile, stats: Stats) => boolean = () => true,
): MappedFile | undefined {
  let file: number | undefined;
  try {
    // Before opening, because opening a device can do something; and after, because the name may have moved.
    if (!isWanted(statSync(path))) return undefined;
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const stats = fstatSync(file);
    const opened = new OpenFile(file, stats);
    if (isWanted(stats) && accepts(opened, stats)) return opened;
  } catch {
    // Not to be had by this name.
  }
  if (file !== undefined) closeSync(file);
  return undefined;
}

/** Whether the beginning of `file` is what the process has in memory, where it has not been written to. */
function isInMemory(file: MappedFile, target: Mapper, map: MemoryMap): boolean {
  const isOfSameFile = ({ device, inode }: MemoryMap): boolean =>
    device === map.device && inode === map.inode;
  // The lowest one has an ELF file's headers. Later ones may be read-only after relocation, and differ from the file.
  const lowest = target
    .maps()
    .filter((other) => isOfSameFile(other) && other.readable && !other.writable)
    .sort((a, b) => a.offset - b.offset)[0];
  if (lowest === undefined) return false;
  const bytes = file.read(lowest.offset, Math.min(COMPARED_BYTES, lowest.end - lowest.start));
  const mapped = new Uint8Array(bytes.length);
  return (
    bytes.length > 0 &&
    target.memory.readInto(lowest.start, mapped) === bytes.length &&
    Buffer.compare(bytes, mapped) === 0
  );
}

/** The device as the maps write it: glibc's `gnu_dev_major` and `gnu_dev_minor`. */
function deviceOf({ dev }: Stats): string {
  const low = dev >>> 0;
  const high = Math.floor(dev / 2 ** 32);
  const major = ((low >>> 8) & 0xfff) + (high & 0xfffff000);
  const minor = (low & 0xff) + ((low >>> 12) & 0xfff00);
  return `${hex(major)}:${hex(minor)}`;
}

function hex(number: number): string {
  return number.toString(16).padStart(2, "0");
}

class OpenFile implements MappedFile {
  readonly size: number;
  readonly modified: Date;
  #file: number | undefined;

  constructor(file: number, { size, mtime }: Stats) {
    this.#file = file;
    this.size = size;
    this.modified = mtime;
  }

  read(offset: number, length: number, room?: Uint8Array): Uint8Array {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    const bytes = room?.subarray(0, wanted) ?? new Uint8Array(wanted);
    let done = 0;
    try {
      while (this.#file !== undefined && done < bytes.length) {
        const count = readSync(this.#file, bytes, done, bytes.length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
    } catch {
      // What was read before a failing disk or a vanished server is what there is.
    }
    return bytes.subarray(0, done);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
