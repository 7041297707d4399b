import type { Address } from "@pyspy/proc-memory";
import type { ObjectReader } from "../locals/object-reader.js";
import type { PythonTypes } from "../locals/python-type.js";
import type { RemoteDicts } from "../python/remote-dict.js";
import type { ThreadTrack } from "../python/thread-track.js";

/** The name of the loop in the dict that each thread has for extensions (up to 3.12). */
const KEY = "__asyncio_running_event_loop__";
/** Bytes behind what every thread state has, which are the interpreter's own: the loop is among them from 3.13 on. */
const PRIVATE_BYTES = 1024;

/**
 * Which thread runs which event loop. A thread state has it, but nothing says where: it is the pointer to a loop that a task
 * has, or that is in the thread's dict. Up to 3.6, and where asyncio is without `_asyncio`, the loop knows its thread.
 */
export function runningLoops(
  objects: ObjectReader,
  types: PythonTypes,
  dicts: RemoteDicts,
  threads: readonly ThreadTrack[],
  loops: ReadonlySet<Address>,
): ReadonlyMap<Address, ThreadTrack> {
  const running = new Map<Address, ThreadTrack>();
  for (const loop of loops) {
    const id = dicts.attribute(loop, "_thread_id");
    const pythonId = id === undefined ? undefined : objects.integer(id);
    const thread = threads.find((one) => BigInt(one.pythonId) === pythonId);
    if (thread !== undefined) running.set(loop, thread);
  }
  // uvloop's loops are in C and do not say it.
  const others = [...loops].filter((loop) => !running.has(loop));
  if (others.length === 0) return running;
  for (const thread of threads) {
    for (const pointer of pointersOf(objects, thread)) {
      const loop = loops.has(pointer) ? pointer : loopInDict(objects, types, dicts, pointer);
      if (loops.has(loop) && !running.has(loop)) running.set(loop, thread);
    }
  }
  return running;
}

function* pointersOf(objects: ObjectReader, { threadState }: ThreadTrack): Generator<Address> {
  const { threadState: at, pointerSize } = objects.layout;
  const bytes = objects.bytes(threadState, at.size + PRIVATE_BYTES);
  for (let offset = 0; offset + pointerSize <= bytes.length; offset += pointerSize) {
    const pointer = objects.pointerIn(bytes, offset);
    if (pointer > 0xffff && pointer % pointerSize === 0) yield pointer;
  }
}

/** The loop that a dict has, 0 if it is no such dict. Up to 3.11 it is in an object of its own. */
function loopInDict(objects: ObjectReader, types: PythonTypes, dicts: RemoteDicts, dict: Address): Address {
  if (types.of(objects.object(dict))?.kind !== "dict") return 0;
  const found = dicts.item(dict, KEY) ?? 0;
  const object = objects.object(found);
  const isHolder = types.of(object)?.name === "_RunningLoopHolder";
  return isHolder ? objects.pointerIn(object, objects.layout.object.size) : found;
}
