import {
  ASYNCIO_DEBUG_SIZE,
  type AsyncioDebug,
  asyncioDebugFromTable,
  LayoutError,
} from "@pyspy/cpython-layouts";
import type { ProcessView } from "@pyspy/proc-memory";
import { type MappedBinary, mappedBinaries, openBinary } from "../discovery/mapped-binaries.js";
import { readUpTo } from "../python/remote-text.js";

/**
 * What `asyncio` of 3.14 and later says of its own tasks; undefined if it does not. The table is in the library
 * `_asyncio`, or in `runtimeImage`, the binary that the Python is in, where that is built in.
 */
export function findAsyncioTable(process: ProcessView, runtimeImage: string): AsyncioDebug | undefined {
  const binaries = mappedBinaries(process.maps(), process.executable);
  const isLibrary = ({ path }: MappedBinary): boolean => /\/_asyncio\b[^/]*$/.test(path);
  const hosts = binaries.filter(({ path }) => path === runtimeImage);
  for (const binary of [...binaries.filter(isLibrary), ...hosts]) {
    const table = tableIn(process, binary);
    if (table !== undefined) return table;
  }
  return undefined;
}

function tableIn(process: ProcessView, binary: MappedBinary): AsyncioDebug | undefined {
  using opened = openBinary(process, binary);
  const section = opened?.image.section(".AsyncioDebug");
  if (opened === undefined || section === undefined) return undefined;
  for (const { start, offset, executable } of binary.maps) {
    const bias = opened.image.loadBias({ address: start, fileOffset: offset, executable });
    if (bias === undefined) continue;
    const bytes = readUpTo(process.memory, bias + section.imageOffset, ASYNCIO_DEBUG_SIZE);
    try {
      return asyncioDebugFromTable(bytes);
    } catch (error) {
      if (!(error instanceof LayoutError)) throw error;
    }
  }
  return undefined;
}
