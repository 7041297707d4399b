import { type BinaryImage, openImage, openLoadedImage, ParseError } from "@pyspy/binary-symbols";
import type { MappedFile, MemoryMap, ProcessView } from "@pyspy/proc-memory";

/** A file that is mapped to be run. */
export interface MappedBinary {
  /** Device and inode, by which it is known again. */
  readonly identity: string;
  readonly path: string;
  /** Ascending. */
  readonly maps: readonly [MemoryMap, ...MemoryMap[]];
}

/**
 * What a process runs: its executable first, and then what is called like a Python, which is a hint that saves time and
 * nothing more.
 */
export function mappedBinaries(
  allMaps: readonly MemoryMap[],
  executable: string | undefined,
): readonly MappedBinary[] {
  const files = new Map<string, [MemoryMap, ...MemoryMap[]]>();
  for (const map of allMaps) {
    if (map.inode === 0) continue;
    const identity = `${map.device}:${map.inode}`;
    const maps = files.get(identity);
    if (maps === undefined) files.set(identity, [map]);
    else maps.push(map);
  }
  const rank = ({ path }: MappedBinary) => (path === executable ? 0 : isCalledPython(path) ? 1 : 2);
  return [...files]
    .filter(([, maps]) => maps.some((map) => map.executable))
    .map(([identity, maps]): MappedBinary => ({ identity, path: maps[0].path, maps }))
    .sort((left, right) => rank(left) - rank(right));
}

/** libpython3.13.so.1.0, python3.13, Python: not the modules in lib/python3.13, of which there may be hundreds. */
function isCalledPython(path: string): boolean {
  return /(^|\/)(lib)?python[^/]*$/i.test(path);
}

/** A binary that has been opened: its file, or what is in memory where the file cannot be had. */
export interface OpenedBinary extends Disposable {
  readonly image: BinaryImage;
  readonly source: "file" | "memory";
}

/** Opens what is mapped; undefined if it is no binary, or damaged. */
export function openBinary(process: ProcessView, binary: MappedBinary): OpenedBinary | undefined {
  const file = process.openMappedFile(binary.maps[0]);
  try {
    const image = file === undefined ? openFromMemory(process, binary) : openImage(file);
    return {
      image,
      source: file === undefined ? "memory" : "file",
      [Symbol.dispose]: () => file?.close(),
    };
  } catch (error) {
    file?.close();
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

/** Calls `look` with the binary. Undefined if it is none, or what `look` reads is damaged. */
export async function withImage<Value>(
  process: ProcessView,
  binary: MappedBinary,
  look: (image: BinaryImage, source: "file" | "memory") => Value | Promise<Value>,
): Promise<Value | undefined> {
  using opened = openBinary(process, binary);
  try {
    return opened && (await look(opened.image, opened.source));
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

/** A deleted file that only its maps still lead to: they have all that was loaded of it. */
function openFromMemory(process: ProcessView, { maps }: MappedBinary): BinaryImage {
  const [{ start }] = maps;
  const end = maps.at(-1)?.end ?? start;
  const source: Omit<MappedFile, "close"> = {
    size: end - start,
    read: (offset, length) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, end - start - offset)));
      return bytes.subarray(0, process.memory.readInto(start + offset, bytes));
    },
  };
  return openLoadedImage(source, start);
}
