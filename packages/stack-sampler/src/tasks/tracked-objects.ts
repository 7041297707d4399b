import { ABSENT } from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import type { ObjectReader } from "../locals/object-reader.js";
import type { PythonRuntime } from "../python/python-runtime.js";

/** `PyGC_Head`, which is in front of every object that can be part of a circle (3.7+): next, previous. */
const HEAD_WORDS = 2;
/** Bytes in front of the flag `collecting` that the heads of the generations are in. */
const GENERATIONS_BYTES = 256;
/** Objects that are looked at; with more it would take seconds. */
const MOST_OBJECTS = 1 << 22;

/**
 * The objects that the garbage collector of an interpreter knows, by address. It keeps them in linked lists, of which only
 * the heads have to be found: words in front of a field that is known, each beside a pointer that leads back to it. None in
 * free-threaded builds, which have no lists, and before 3.7.
 */
export function* trackedObjects(
  objects: ObjectReader,
  { collecting, layout }: PythonRuntime,
  interpreter: Address,
): Generator<Address> {
  const { gc_collecting } = layout.interpreter;
  const flag = gc_collecting === ABSENT ? collecting : interpreter + gc_collecting;
  if (flag === 0 || layout.freeThreaded) return;
  const { pointerSize } = layout;
  let count = 0;
  for (let head = flag - GENERATIONS_BYTES; head < flag; head += pointerSize) {
    if (!isHead(objects, head)) continue;
    let node = linkAt(objects, head);
    while (node !== head && node !== 0 && count < MOST_OBJECTS) {
      yield node + HEAD_WORDS * pointerSize;
      count += 1;
      node = linkAt(objects, node);
    }
  }
}

function isHead(objects: ObjectReader, head: Address): boolean {
  const { pointerSize } = objects.layout;
  const [next, previous] = [linkAt(objects, head), linkAt(objects, head + pointerSize)];
  if (next === 0 || next === head || previous === 0) return false;
  return linkAt(objects, next + pointerSize) === head && linkAt(objects, previous) === head;
}

/** The lowest bits of links are flags. */
function linkAt(objects: ObjectReader, address: Address): Address {
  const link = objects.pointer(address);
  return link - (link % 4);
}
