import { ByteWriter } from "./byte-writer.js";

/** A value that Python's `marshal` can hold, as far as `pstats` needs it. A dict is a list of pairs. */
export type MarshalValue =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly tuple: readonly MarshalValue[] }
  | { readonly dict: Iterable<readonly [MarshalValue, MarshalValue]> };

/** Writes `value` as `marshal.dumps(value, 2)` would: every Python since 2.5 reads it (CPython, Python/marshal.c). */
export function marshal(value: MarshalValue): Uint8Array {
  const writer = new ByteWriter();
  write(writer, value);
  return writer.view().slice();
}

function write(writer: ByteWriter, value: MarshalValue): void {
  if ("int" in value) writeInt(writer, value.int);
  else if ("float" in value) {
    writer.u8(code("g"));
    writer.f64(value.float);
  } else if ("text" in value) {
    const bytes = utf8.encode(value.text);
    writer.u8(code("u"));
    writer.i32(bytes.length);
    writer.bytes(bytes);
  } else if ("tuple" in value) {
    writer.u8(code("("));
    writer.i32(value.tuple.length);
    for (const element of value.tuple) write(writer, element);
  } else {
    writer.u8(code("{"));
    for (const [key, entry] of value.dict) {
      write(writer, key);
      write(writer, entry);
    }
    writer.u8(code("0"));
  }
}

/** A whole number that is not negative. Larger ones are digits of 15 bits, the lowest first. */
function writeInt(writer: ByteWriter, value: number): void {
  if (value < 2 ** 31) {
    writer.u8(code("i"));
    writer.i32(value);
    return;
  }
  const digits: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 2 ** 15)) digits.push(rest % 2 ** 15);
  writer.u8(code("l"));
  writer.i32(digits.length);
  for (const digit of digits) {
    writer.u8(digit & 0xff);
    writer.u8(digit >> 8);
  }
}

function code(character: string): number {
  return character.charCodeAt(0);
}

const utf8 = new TextEncoder();
