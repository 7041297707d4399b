import { ABSENT, type Layout } from "@pyspy/cpython-layouts";
import type { MemoryImage } from "./memory-image.js";

/** Names of types, with the bits of `tp_flags` that say what their instances are (2.6+). */
const typeFlags = {
  type: 2 ** 31,
  NoneType: 0,
  code: 0,
  str: 2 ** 28,
  bytes: 2 ** 27,
  tuple: 2 ** 26,
} as const;

type TypeName = keyof typeof typeFlags;

/** Makes Python objects of the kinds that a stack consists of, in the layout of one version. */
export class PythonObjects {
  readonly #image: MemoryImage;
  readonly #layout: Layout;
  readonly #types = new Map<TypeName, number>();

  constructor(image: MemoryImage, layout: Layout) {
    this.#image = image;
    this.#layout = layout;
  }

  /** An object of `size` bytes whose header is filled in. */
  object(type: TypeName, size: number): number {
    const address = this.#image.allocate(size);
    this.#image.putUint64(address + this.#layout.object.ob_type, this.#type(type));
    return address;
  }

  none(): number {
    return this.object("NoneType", this.#layout.object.size);
  }

  /** `str` in 3.x, a byte string in UTF-8 in 2.x: what names are. */
  text(value: string): number {
    if (this.#layout.version.major === 2) return this.bytes(new TextEncoder().encode(value));
    const { unicode } = this.#layout;
    const points = [...value].map((character) => character.codePointAt(0) ?? 0);
    const largest = Math.max(0, ...points);
    const kind = largest < 0x100 ? 1 : largest < 0x10000 ? 2 : 4;
    const ascii = largest < 0x80;
    const start = ascii ? unicode.asciiData : unicode.compactData;
    const address = this.object("str", start + (points.length + 1) * kind);
    this.#image.putUint64(address + unicode.length, points.length);
    const state =
      kind * 2 ** unicode.kindShift + 2 ** unicode.compactShift + (ascii ? 2 ** unicode.asciiShift : 0);
    this.#image.putUint32(address + unicode.state, state);
    for (const [index, point] of points.entries()) {
      for (let byte = 0; byte < kind; byte++) {
        this.#image.putUint8(address + start + index * kind + byte, (point >>> (8 * byte)) & 0xff);
      }
    }
    return address;
  }

  bytes(value: Uint8Array): number {
    const { ob_sval } = this.#layout.bytes;
    const address = this.object("bytes", ob_sval + value.length + 1);
    this.#putSize(address, value.length);
    this.#image.putBytes(address + ob_sval, value);
    return address;
  }

  emptyTuple(): number {
    return this.object("tuple", this.#layout.object.ob_size + 16);
  }

  #putSize(address: number, size: number): void {
    const at = address + this.#layout.object.ob_size;
    if (this.#layout.object.ob_size_width === 4) this.#image.putUint32(at, size);
    else this.#image.putUint64(at, size);
  }

  #type(name: TypeName): number {
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    const { type, object } = this.#layout;
    const address = this.#image.allocate(1024);
    this.#types.set(name, address);
    const characters = new TextEncoder().encode(
      name === "bytes" && this.#layout.version.major === 2 ? "str" : name,
    );
    const tp_name = this.#image.allocate(characters.length + 1);
    this.#image.putBytes(tp_name, characters);
    this.#image.putUint64(address + object.ob_type, this.#type("type"));
    this.#image.putUint64(address + type.tp_name, tp_name);
    if (type.tp_flags !== ABSENT) this.#image.putUint64(address + type.tp_flags, typeFlags[name]);
    return address;
  }
}
