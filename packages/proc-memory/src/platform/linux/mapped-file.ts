import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import type { MemoryMap } from "../../maps.js";
import type { MappedFile, Pid } from "../../process-view.js";

/** A name by which the mapped file may be reached. */
interface Candidate {
  readonly path: string;
  /**
   * The name leads to the mapped file by construction, so its inode is proof enough. On btrfs and overlayfs the
   * device in the maps is not the one that `stat` says, and never will be equal.
   */
  readonly deviceMayDiffer: boolean;
}

/**
 * Opens the file behind a mapping, by the first name that leads to the same device and inode:
 *
 * 1. /proc/PID/map_files, which is the mapping's own file, deleted or not; but only for CAP_SYS_ADMIN or
 *    CAP_CHECKPOINT_RESTORE
 * 2. /proc/PID/exe for the executable, deleted or not
 * 3. its path in the target's root directory, which may be a container's
 * 4. its path in ours
 *
 * The device may differ for the first three, but not when the file is deleted, since another one can then
 * have its path; and not in our root, since a snapshot of a file system has the inodes of its origin.
 */
export function openMappedFile(
  pid: Pid,
  map: MemoryMap,
  executable: string | undefined,
): MappedFile | undefined {
  if (map.inode === 0 || !map.path.startsWith("/")) return undefined;
  const range = `${map.start.toString(16)}-${map.end.toString(16)}`;
  const candidates: Candidate[] = [
    { path: `/proc/${pid}/map_files/${range}`, deviceMayDiffer: true },
    { path: `/proc/${pid}/exe`, deviceMayDiffer: map.path === executable },
    { path: `/proc/${pid}/root${map.path}`, deviceMayDiffer: !map.deleted },
    { path: map.path, deviceMayDiffer: false },
  ];
  for (const candidate of candidates) {
    const file = openIfSame(candidate, map);
    if (file !== undefined) return file;
  }
  return undefined;
}

/** Opens a file by its path in the root directory of a process, else in ours: a chroot's is often both. */
export function openFileOf(pid: Pid, path: string): MappedFile | undefined {
  if (!path.startsWith("/")) return undefined;
  return (
    openIf((stats) => stats.isFile(), `/proc/${pid}/root${path}`) ?? openIf((stats) => stats.isFile(), path)
  );
}

function openIfSame({ path, deviceMayDiffer }: Candidate, map: MemoryMap): MappedFile | undefined {
  const isSame = (stats: Stats): boolean =>
    stats.isFile() && stats.ino === map.inode && (deviceMayDiffer || deviceOf(stats) === map.device);
  return openIf(isSame, path);
}

function openIf(isWanted: (stats: Stats) => boolean, path: string): MappedFile | undefined {
  let file: number | undefined;
  try {
    // Before opening, because opening a device can do something; and after, because the name may have moved.
    if (!isWanted(statSync(path))) return undefined;
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const stats = fstatSync(file);
    if (isWanted(stats)) return new OpenFile(file, stats.size);
  } catch {
    // Not to be had by this name.
  }
  if (file !== undefined) closeSync(file);
  return undefined;
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
  #file: number | undefined;

  constructor(file: number, size: number) {
    this.#file = file;
    this.size = size;
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size - offset)));
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
