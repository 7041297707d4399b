import type { Layout } from "@pyspy/cpython-layouts";
import type { Address, MemoryReader } from "@pyspy/proc-memory";
import { CircleWatch } from "./circle-watch.js";
import { TargetWords } from "./target-words.js";

/** What is read ahead of one stack, at most: 800,000 frames. More is claimed by memory that has been reused. */
const MAX_STACK_BYTES = 1 << 26;

/** A `_PyStackChunk` and the end of what is used of it. */
export interface Chunk {
  readonly address: Address;
  readonly end: Address;
}

/**
 * The chunks of a data stack, newest first, as far as they can be believed. `top` is the end of what is used of
 * the newest one, of which `slack` bytes more are counted as used.
 */
export function readChunks(
  memory: MemoryReader,
  layout: Layout,
  newest: Address,
  top: Address,
  slack: number,
): Chunk[] {
  const { dataStackChunk, pointerSize } = layout;
  const words = new TargetWords(memory, pointerSize);
  const bytes = new Uint8Array(dataStackChunk.data);
  const header = new DataView(bytes.buffer);
  const circle = new CircleWatch();
  const chunks: Chunk[] = [];
  let room = MAX_STACK_BYTES;
  for (let address = newest; address !== 0 && !circle.closesAt(address); ) {
    if (memory.readInto(address, bytes) < bytes.length) break;
    const size = words.at(header, dataStackChunk.size);
    if (size < bytes.length || size > MAX_STACK_BYTES) break;
    // The field `top` is only kept up to date in chunks that are not the newest.
    const used =
      address === newest
        ? top - address + slack
        : dataStackChunk.data + words.at(header, dataStackChunk.top) * pointerSize;
    const length = Math.max(bytes.length, Math.min(size, used));
    room -= length;
    if (room < 0) break;
    chunks.push({ address, end: address + length });
    address = words.at(header, dataStackChunk.previous);
  }
  return chunks;
}
