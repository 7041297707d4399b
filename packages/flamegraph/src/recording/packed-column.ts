import type { ByteReader } from "../bytes/byte-reader.js";
import type { ByteWriter } from "../bytes/byte-writer.js";
import { ProfileError } from "../profile-error.js";

/**
 * Columns of whole numbers as the differences between neighbours, each a zigzag varint: ids and times of neighbouring rows
 * lie close together, so that most take one or two bytes. A column takes at least a byte a row, which
 * bounds what a file can make its reader allocate.
 */
export function packColumn(writer: ByteWriter, part: string, column: ArrayLike<number>): Uint8Array {
  writer.clear();
  let previous = 0;
  for (let row = 0; row < column.length; row++) {
    const value = Math.round(column[row] ?? 0);
    if (!(Math.abs(value) <= LARGEST)) {
      throw new ProfileError("invalid-batch", `is ${value}, which cannot be recorded`, { part, index: row });
    }
    const difference = value - previous;
    writer.varint(difference < 0 ? -2 * difference - 1 : 2 * difference);
    previous = value;
  }
  return writer.view().slice();
}

/** Differences of two such numbers, doubled, are still exact. In nanoseconds, 26 days. */
const LARGEST = 2 ** 51;

export function unpackInt32(reader: ByteReader): Int32Array {
  return unpack(reader, new Int32Array(reader.end - reader.position));
}

export function unpackFloat64(reader: ByteReader): Float64Array {
  return unpack(reader, new Float64Array(reader.end - reader.position));
}

function unpack<Column extends Int32Array | Float64Array>(reader: ByteReader, room: Column): Column {
  let length = 0;
  let value = 0;
  while (!reader.atEnd) {
    value += reader.zigzag();
    room[length++] = value;
  }
  return room.slice(0, length) as Column;
}
