import { ABSENT, type Layout } from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { UNREADABLE } from "../python/remote-text.js";
import { hexAddress, plainText } from "./escapes.js";
import type { Limits } from "./limits.js";
import type { ObjectReader } from "./object-reader.js";
import { Output } from "./output.js";
import type { PythonType, PythonTypes } from "./python-type.js";
import type { Spelling } from "./spelling.js";

/** An object of the target, of which the beginning has been read. */
export interface RemoteObject {
  readonly address: Address;
  readonly bytes: Uint8Array;
  readonly type: PythonType;
}

/** Writes an object of one kind. False if it is not what it should be, and nothing was written. */
export type Renderer = (rendering: Rendering, object: RemoteObject) => boolean;

/** Renderers by the full name of the type whose instances, and those of what derives from it, they write. */
export type NamedRenderers = readonly (readonly [fullName: string, render: Renderer])[];

export const HIDDEN = "<redacted>";

/** The text of one value in the making: what renderers of all kinds share. */
export class Rendering {
  readonly objects: ObjectReader;
  readonly types: PythonTypes;
  readonly limits: Limits;
  readonly spelling: Spelling;
  readonly out: Output;
  /** Instances around the present one that are shown with their attributes. */
  attributeLevels = 0;
  readonly #render: (rendering: Rendering, object: RemoteObject) => void;
  /** What is being written now, each with how many of {@link guarded} there were around it. */
  readonly #open = new Map<Address, number>();
  /** What Python would know to be in the making: {@link guarded}. */
  readonly #guarded = new Set<Address>();
  #depth = 0;
  #objectsLeft: number;

  constructor(
    objects: ObjectReader,
    types: PythonTypes,
    limits: Limits,
    spelling: Spelling,
    render: (rendering: Rendering, object: RemoteObject) => void,
  ) {
    this.objects = objects;
    this.types = types;
    this.limits = limits;
    this.spelling = spelling;
    this.out = new Output(limits.characters);
    this.#render = render;
    this.#objectsLeft = limits.objects;
  }

  get layout(): Layout {
    return this.objects.layout;
  }

  get isPython2(): boolean {
    return this.layout.int.ob_ival !== ABSENT;
  }

  /** True while a value is written that is in no other. */
  get isOutermost(): boolean {
    return this.#depth === 1;
  }

  /** Writes the value at an address. */
  value(address: Address): void {
    if (
      this.#objectsLeft <= 0 ||
      this.#depth >= this.limits.depth ||
      (this.out.room <= 0 && this.#depth > 0)
    ) {
      this.out.mark("...");
      return;
    }
    this.#objectsLeft -= 1;
    const object = this.read(address);
    const around = this.#open.get(address);
    if (object === undefined) this.out.unreadable();
    // In itself, with nothing between that would end it: Python gives up here.
    else if (around === this.#guarded.size) this.placeholder(object);
    else {
      this.#open.set(address, this.#guarded.size);
      this.#depth += 1;
      this.#render(this, object);
      this.#depth -= 1;
      if (around === undefined) this.#open.delete(address);
      else this.#open.set(address, around);
    }
  }

  /**
   * Writes an object, or `mark` if this is about the same one further out. It is as in Python, whose types call
   * `Py_ReprEnter` or do not: a list in itself is `[...]`, and a named tuple in itself is shown until something else ends it.
   */
  guarded(address: Address, mark: string, write: () => boolean): boolean {
    if (this.#guarded.has(address)) {
      this.out.write(mark);
      return true;
    }
    this.#guarded.add(address);
    const isDone = write();
    this.#guarded.delete(address);
    return isDone;
  }

  /** What stands for an object of which nothing more is shown: `<app.Point at 0x7f…>`. */
  placeholder({ address, type }: RemoteObject): void {
    this.out.mark(`<${type.fullName} at ${hexAddress(address)}>`);
  }

  /** Writes the value that has a name, unless that is to be hidden. */
  named(name: string | undefined, address: Address): void {
    if (this.limits.isHidden(name)) this.out.mark(HIDDEN);
    else this.value(address);
  }

  /** Writes `name=value`. */
  attribute(name: string | undefined, address: Address): void {
    this.out.write(`${name === undefined ? UNREADABLE : plainText(name)}=`);
    this.named(name, address);
  }

  /** An object of the target; undefined if it or its type is unreadable. */
  read(address: Address): RemoteObject | undefined {
    const bytes = this.objects.object(address);
    const type = this.types.of(bytes);
    return type && { address, bytes, type };
  }

  /** A name; undefined if it is no text, or longer than `limit` bytes. */
  name(address: Address, limit?: number): string | undefined {
    return address === 0 ? undefined : this.types.text(address, limit);
  }

  /**
   * The word at a place behind the header of an object of an extension, counted in words; what CPython's own have `decode…`
   * functions know. 0 where the object has ended: what is behind it is not its own.
   */
  field({ bytes, type }: RemoteObject, index: number): Address {
    const { object, pointerSize } = this.layout;
    const at = object.size + index * pointerSize;
    return at + pointerSize > type.header.basicSize ? 0 : this.objects.pointerIn(bytes, at);
  }

  /** The `int` that the word begins with. */
  intField({ bytes }: RemoteObject, index: number): number {
    const at = this.layout.object.size + index * this.layout.pointerSize;
    return at + 4 > bytes.length ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getInt32(at, true);
  }

  /** Ends what was written from an index of the text on after `length` characters, as Python does where it says so. */
  cut(start: number, length: number, end: string): void {
    const characters = [...this.out.text.slice(start)];
    if (characters.length <= length) return;
    this.out.text = this.out.text.slice(0, start) + characters.slice(0, length - end.length).join("") + end;
  }
}
