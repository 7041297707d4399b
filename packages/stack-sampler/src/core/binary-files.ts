import { statSync } from "node:fs";
import { basename, join } from "node:path";
import {
  type BinaryImage,
  type ByteSource,
  type FileSource,
  openFileSource,
  openImage,
  openLoadedImage,
  ParseError,
} from "@pyspy/binary-symbols";
import type { MemoryMap, MemoryReader } from "@pyspy/proc-memory";
import type { FilePlaces } from "./file-places.js";

/** What is in the core itself of a binary, which its file has to match. */
export interface CoreContents {
  /** Memory without any file. */
  readonly memory: MemoryReader;
  readonly maps: readonly MemoryMap[];
  /** The program's own file as the process knew it. */
  readonly executable: string | undefined;
}

/** A file that was found for one of the core, and cannot be it. */
export interface UnusedFile {
  readonly here: string;
  /** In the core. */
  readonly path: string;
  /** It has another build id; or there is none to compare, but it would lie in memory in another way; or it is no binary at all. */
  readonly reason: "other-build" | "other-layout" | "no-binary";
}

/**
 * The binaries that were mapped, found on this machine. A file of another build than the one that ran is worse than none:
 * it would lead to places where something else is. So one with another build id is told about and not taken.
 */
export class BinaryFiles {
  readonly #places: FilePlaces;
  readonly #core: CoreContents;
  readonly #opened = new Map<string, FileSource | undefined>();
  readonly #unused: UnusedFile[] = [];
  readonly #missing = new Set<string>();

  constructor(places: FilePlaces, core: CoreContents) {
    this.#places = places;
    this.#core = core;
  }

  /** Files that were found, or told, and could not be used. */
  get unused(): readonly UnusedFile[] {
    return this.#unused;
  }

  /** Paths, in the core, of files that were wanted and are not here. */
  get missing(): readonly string[] {
    return [...this.#missing];
  }

  /** The binary of a path in the core; undefined if it cannot be had. It stays open until {@link close}. */
  binary(path: string): ByteSource | undefined {
    if (!this.#opened.has(path)) this.#opened.set(path, this.#find(path));
    return this.#opened.get(path);
  }

  /** Any file of the system that the core is from, such as one of separate symbols. */
  open(path: string): FileSource | undefined {
    return openRegularFile(this.#inSystem(path));
  }

  close(): void {
    for (const file of this.#opened.values()) file?.close();
    this.#opened.clear();
  }

  #find(path: string): FileSource | undefined {
    const maps = this.#core.maps.filter((map) => map.path === path);
    const buildId = this.#buildIdInCore(maps);
    // Another file can have the name of one that was deleted.
    if (buildId === undefined && maps.some(({ deleted }) => deleted)) return this.#miss(path);
    let isThere = false;
    for (const { here, isTold } of this.#candidates(path)) {
      const file = openRegularFile(here);
      const image = file && unlessDamaged(() => openImage(file));
      const ownId = image && unlessDamaged(() => image.buildId);
      const hasIds = buildId !== undefined && ownId !== undefined;
      const isSame = image !== undefined && (hasIds ? ownId === buildId : liesAs(image, maps));
      if (file !== undefined && isSame) return file;
      file?.close();
      if (image !== undefined)
        this.#unused.push({ here, path, reason: hasIds ? "other-build" : "other-layout" });
      // Elsewhere there may be data of a program: not all that is mapped is a binary.
      else if (file !== undefined && isTold) this.#unused.push({ here, path, reason: "no-binary" });
      isThere ||= image !== undefined;
    }
    return isThere ? undefined : this.#miss(path);
  }

  /** Where the program's own file is by the options, if `path` is that. */
  #toldExecutable(path: string): string | undefined {
    return path === this.#core.executable ? this.#places.executable : undefined;
  }

  #miss(path: string): undefined {
    // Devices and shared memory are mapped, too, and binaries whose names are not known.
    if (!/^(\/(dev\/|memfd:|SYSV)|\[)/.test(path)) this.#missing.add(path);
    return undefined;
  }

  *#candidates(path: string): Generator<{ readonly here: string; readonly isTold: boolean }> {
    const { librarySearchPath = [] } = this.#places;
    const executable = this.#toldExecutable(path);
    if (executable !== undefined) yield { here: executable, isTold: true };
    for (const folder of librarySearchPath) yield { here: join(folder, basename(path)), isTold: true };
    const here = this.#inSystem(path);
    if (here !== executable) yield { here, isTold: false };
  }

  #inSystem(path: string): string {
    const { sysroot } = this.#places;
    return sysroot === undefined ? path : join(sysroot, path);
  }

  /** By the first page, which cores have of every binary. */
  #buildIdInCore(maps: readonly MemoryMap[]): string | undefined {
    const start = maps.find(({ offset }) => offset === 0)?.start;
    const end = maps.at(-1)?.end;
    if (start === undefined || end === undefined) return undefined;
    const source: ByteSource = {
      size: end - start,
      read: (offset, length) => {
        const bytes = new Uint8Array(Math.max(0, Math.min(length, end - start - offset)));
        return bytes.subarray(0, this.#core.memory.readInto(start + offset, bytes));
      },
    };
    return unlessDamaged(() => openLoadedImage(source, start).buildId);
  }
}

const PAGE = 4096;

/** Whether all parts of a binary are mapped where they would be if it was what is mapped. Without build ids nothing tells more. */
function liesAs(image: BinaryImage, maps: readonly MemoryMap[]): boolean {
  const parts = image.segments
    .filter(({ fileSize }) => fileSize > 0)
    .map(({ fileOffset, imageOffset }) => ({ page: pageOf(fileOffset), place: pageOf(imageOffset) }));
  const [first] = parts;
  const hasPart = ({ page, place }: { page: number; place: number }, bias: number): boolean =>
    maps.some(
      ({ start, end, offset }) =>
        offset <= page && page < offset + end - start && start + page - offset === place + bias,
    );
  return maps.some(({ start, offset }) => {
    const bias = first && start + first.page - offset - first.place;
    return bias !== undefined && parts.every((part) => hasPart(part, bias));
  });
}

function pageOf(offset: number): number {
  return offset - (offset % PAGE);
}

/** Undefined for what cannot be opened. Only regular files are: to open a device can do something. */
export function openRegularFile(path: string): FileSource | undefined {
  try {
    return statSync(path).isFile() ? openFileSource(path) : undefined;
  } catch {
    return undefined;
  }
}

/** What is read of a binary; undefined if it is none, or damaged. */
export function unlessDamaged<Value extends BinaryImage | string | undefined>(
  read: () => Value,
): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}
