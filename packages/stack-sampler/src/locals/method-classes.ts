import { decodeFunction, type Layout } from "@pyspy/cpython-layouts";
import type { Address, MemoryReader } from "@pyspy/proc-memory";
import { frameVariables } from "./frame-variables.js";
import { ObjectReader } from "./object-reader.js";
import { type PythonType, PythonTypes } from "./python-type.js";

/** Tells the classes of methods, for Pythons whose code objects do not (up to 3.10). */
export class MethodClasses {
  readonly #objects: ObjectReader;
  readonly #types: PythonTypes;

  constructor(memory: MemoryReader, layout: Layout) {
    this.#objects = new ObjectReader(memory, layout);
    this.#types = new PythonTypes(this.#objects);
  }

  /**
   * The class that a frame runs a method of, by its first argument if that is `self` or `cls`. It is the class that has this
   * function in its body; if none is found to, the object's own.
   */
  of(frame: Address, code: Address, name: string): string | undefined {
    const found = frameVariables(this.#objects, this.#types, { frame, code, namespaces: false, limit: 1 });
    const [first] = found.variables;
    if (first?.kind !== "argument") return undefined;
    const type = this.#receiver(first.name, first.address);
    if (type === undefined) return undefined;
    for (const candidate of this.#types.lineage(type)) {
      const attribute = this.#objects.object(this.#types.attribute(candidate, name));
      if (decodeFunction(this.#objects.layout, attribute)?.code === code) return candidate.qualname;
    }
    // A function that is wrapped; or another frame is there now.
    return found.hasChanged() ? undefined : type.qualname;
  }

  #receiver(name: string | undefined, address: Address): PythonType | undefined {
    const object = this.#objects.object(address);
    if (name === "self") {
      const type = this.#types.of(object);
      // Of a class of 2.x without bases the type says nothing.
      return type?.fullName === "instance" ? undefined : type;
    }
    const isClass = name === "cls" && this.#types.of(object)?.kind === "type";
    return isClass ? this.#types.at(address) : undefined;
  }
}
