import type { Layout } from "@pyspy/cpython-layouts";
import type { Address, MemoryReader } from "@pyspy/proc-memory";
import { UNREADABLE } from "../python/remote-text.js";
import { frameVariables, type VariableKind } from "./frame-variables.js";
import { type Limits, limitsOf, type RenderOptions } from "./limits.js";
import { ObjectReader } from "./object-reader.js";
import { type PythonType, PythonTypes } from "./python-type.js";
import { renderObject } from "./render-object.js";
import { HIDDEN, Rendering } from "./rendering.js";
import { spellingOf } from "./spelling.js";

/** A value of the target as text. */
export interface RenderedValue {
  /** Python's own `repr`, as far as it can be told without running anything. It has no control characters. */
  readonly text: string;
  /** The value's type, with its module unless it is built in: `app.Point`, `int`; `<unreadable>` if it cannot be read. */
  readonly type: string;
  /**
   * Whether the text tells all of the value. It does where it is Python's own `repr` from beginning to end, and where
   * instances are shown with all of their attributes. It does not
   *
   * - if something was left out, hidden or unreadable, also deep inside;
   * - where an object is shown by its type and address alone: an instance without its attributes, or one of a type of C that
   *   is not known here and has more to it than attributes;
   * - where all that is told of an array, a data frame or a tensor are its type, shape and dtype;
   * - where a class has a `__repr__` of its own, and what is shown instead is what it derives from.
   *
   * Functions, modules, classes, generators, locks and the like have an address in their `repr`: that is all of it.
   */
  readonly complete: boolean;
}

/** A variable that has a value. */
export interface LocalVariable {
  readonly name: string;
  /** An argument is `argument` even if functions inside share it. `*args`, `**kwargs` and keyword-only ones are arguments, too. */
  readonly kind: VariableKind;
  /** Address of the value's object. */
  readonly address: Address;
  readonly value: RenderedValue;
}

/** The variables of a frame. */
export interface FrameLocals {
  /** Arguments first, in the order of the code; variables without a value are left out. */
  readonly variables: readonly LocalVariable[];
  /** The frame was not the same before and after: it ran on, or ended, and values may be of different moments or of another frame. */
  readonly changed: boolean;
}

export interface LocalsOptions extends RenderOptions {
  /** The names of class bodies and modules, which are in dicts. Default false. */
  readonly namespaces?: boolean;
  /** Variables that are shown of a frame. Default 1000. */
  readonly variables?: number;
}

/**
 * Reads the variables of frames and tells values as Python's `repr` does, from memory alone. Types are read once, so use
 * one reader for all frames of a dump, and a new one for the next.
 *
 * Nothing here throws, whatever is in that memory: what cannot be read is `<unreadable>`.
 *
 * ```ts
 * const reader = new LocalsReader(process.memory, layout, { redact: /password|token/i });
 * for (const { name, value } of reader.read(frame, code).variables) console.log(`${name}: ${value.text}`);
 * ```
 */
export class LocalsReader {
  readonly #objects: ObjectReader;
  readonly #types: PythonTypes;
  readonly #options: LocalsOptions;
  readonly #limits: Limits;

  constructor(memory: MemoryReader, layout: Layout, options: LocalsOptions = {}) {
    this.#objects = new ObjectReader(memory, layout);
    this.#types = new PythonTypes(this.#objects);
    this.#options = options;
    this.#limits = limitsOf(options);
  }

  /**
   * The variables of a frame.
   *
   * @param frame - address of the frame: a `PyFrameObject` up to 3.10, then an `_PyInterpreterFrame`
   * @param code - address of its code object
   * @param instruction - where in its code it was when the stack was read, if it has changed when it is elsewhere
   */
  read(frame: Address, code: Address, instruction?: number): FrameLocals {
    const { namespaces = false, variables: limit = 1000 } = this.#options;
    const found = frameVariables(this.#objects, this.#types, { frame, code, namespaces, limit });
    const variables = found.variables.map(({ name, shownName, kind, address }) => {
      const value = this.#limits.isHidden(name) ? this.#hidden(address) : this.render(address);
      return { name: shownName, kind, address, value };
    });
    const hasMoved = instruction !== undefined && instruction !== found.instruction;
    return { variables, changed: hasMoved || found.hasChanged() };
  }

  /** The value at an address. */
  render(address: Address): RenderedValue {
    this.#objects.allowance = this.#limits.bytes;
    const { layout } = this.#objects;
    const rendering = new Rendering(
      this.#objects,
      this.#types,
      this.#limits,
      spellingOf(layout.version),
      renderObject,
    );
    rendering.value(address);
    const { text, complete } = rendering.out;
    return { text, type: nameOf(rendering.read(address)?.type), complete };
  }

  #hidden(address: Address): RenderedValue {
    this.#objects.allowance = this.#limits.bytes;
    const type = this.#types.of(this.#objects.object(address));
    return { text: HIDDEN, type: nameOf(type), complete: false };
  }
}

function nameOf(type: PythonType | undefined): string {
  return type?.fullName ?? UNREADABLE;
}
