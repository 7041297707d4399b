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
  /** What is being written now, from the outside in. */
  readonly #open = new Set<Address>();
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
    return this.#open.size === 1;
  }

  /** Writes the value at an address. */
  value(address: Address): void {
    if (
      this.#objectsLeft <= 0 ||
      this.#open.size >= this.limits.depth ||
      (this.out.room <= 0 && this.#open.size > 0)
    ) {
      this.out.mark("...");
      return;
    }
    this.#objectsLeft -= 1;
    const object = this.read(address);
    if (object === undefined) this.out.unreadable();
    else if (this.#open.has(address)) this.#again(object);
    else {
      this.#open.add(address);
      this.#render(this, object);
      this.#open.delete(address);
    }
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

  /** The word at a place behind the header of an object, counted in words. */
  field(object: RemoteObject, index: number): Address {
    return this.objects.pointerIn(object.bytes, this.layout.object.size + index * this.layout.pointerSize);
  }

  /** As Python writes a container that is in itself. */
  #again({ address, type }: RemoteObject): void {
    const text =
      recursionMarks.get(type.kind) ?? (type.fullName === "collections.deque" ? "[...]" : undefined);
    if (text !== undefined) this.out.write(text);
    else
      this.out.write(
        type.kind === "set" ? `${type.name}(...)` : `<${type.fullName} at ${hexAddress(address)}>`,
      );
  }
}

const recursionMarks: ReadonlyMap<string, string> = new Map([
  ["list", "[...]"],
  ["tuple", "(...)"],
  ["dict", "{...}"],
]);
