import { ABSENT, typeAddress } from "@pyspy/cpython-layouts";
import type { Address, MemoryMap } from "@pyspy/proc-memory";
import { instructionIn } from "../locals/frame-variables.js";
import type { ObjectReader } from "../locals/object-reader.js";
import type { PythonType, PythonTypes } from "../locals/python-type.js";
import type { PythonRuntime } from "../python/python-runtime.js";
import type { InterpreterTrack } from "../python/thread-list.js";
import type { ThreadTrack } from "../python/thread-track.js";
import type { CoroutineFrame } from "./coroutine-chain.js";
import { trackedObjects } from "./tracked-objects.js";

/** A greenlet that is not dead. */
export interface Greenlet {
  readonly address: Address;
  /** "main" for the one that each thread begins with, the class of those that are not plain ones; else "". */
  readonly name: string;
  /** The one that its thread runs; one that has switched to another one; one that was never switched to. */
  readonly state: "running" | "waiting" | "new";
  /** The greenlet that goes on when it ends, 0 if none does. */
  readonly parent: Address;
  /** Undefined if it cannot be told. */
  readonly track: ThreadTrack | undefined;
  /** The outermost first; none if it runs: its thread has them. */
  readonly frames: readonly CoroutineFrame[];
}

/** Bytes of a greenlet's own part, and of what follows it. */
const PART_BYTES = 256;
const MOST_FRAMES = 10_000;

/**
 * The greenlets of an interpreter. What is in one is C++ and differs between versions of greenlet and of Python, but it
 * begins with the same fields and leads to what can be recognised:
 *
 *     PyGreenlet     weak references, dict, part ─► of its own
 *     its own part   vtable, itself, exception state, arguments, stack (start, stop, …), …, innermost frame, …
 *                    then one of a thread's first:   itself, state of the thread ─► it, the one that runs
 *                    or one of any other:            the thread's first, what it runs, parent
 */
export function readGreenlets(
  objects: ObjectReader,
  types: PythonTypes,
  runtime: PythonRuntime,
  interpreter: InterpreterTrack,
  maps: readonly MemoryMap[],
): Greenlet[] {
  const found = findGreenlets(objects, types, runtime, interpreter);
  const words = new Map([...found.keys()].map((address) => [address, readWords(objects, address)]));
  const own = ownWords(objects, words);
  if (own === undefined) return [];
  const parts = new Map<Address, GreenletPart>();
  for (const [address, type] of found) {
    const part = partOf(objects, types, type, address, words.get(address) ?? [], own);
    if (part !== undefined) parts.set(address, part);
  }
  const running = new Set([...parts.values()].map(({ running }) => running));
  const owners = ownersOf(parts, interpreter.threads, maps);
  const greenlets: Greenlet[] = [];
  for (const [address, part] of parts) {
    const { name, frame, stackStop } = part;
    const parent = parts.has(part.parent) ? part.parent : 0;
    const state = running.has(address) ? "running" : frame !== 0 ? "waiting" : "new";
    const track = owners.get(firstOf(parts, part));
    // One that has run has had a stack. Alone, the first one of a thread is nothing but the thread.
    const isDead = state === "new" && stackStop !== 0;
    if (isDead || (part.main === address && track === undefined)) continue;
    const frames = state === "waiting" ? framesFrom(objects, frame) : [];
    greenlets.push({ address, name, state, parent, track, frames });
  }
  return greenlets;
}

interface GreenletPart {
  readonly name: string;
  /** The first greenlet of its thread, 0 if it was never switched to. */
  readonly main: Address;
  readonly parent: Address;
  /** Of the first one of a thread: which one runs. */
  readonly running: Address;
  /** Address of its innermost frame object, 0 if it runs, or has none. */
  readonly frame: Address;
  /** Where on the thread's stack it began; 0 if it has not. */
  readonly stackStop: Address;
}

function findGreenlets(
  objects: ObjectReader,
  types: PythonTypes,
  runtime: PythonRuntime,
  interpreter: InterpreterTrack,
): ReadonlyMap<Address, PythonType> {
  const { layout } = objects;
  const known = new Map<Address, PythonType | undefined>();
  const found = new Map<Address, PythonType>();
  for (const object of trackedObjects(objects, runtime, interpreter.address)) {
    const address = typeAddress(layout, objects.bytes(object, layout.object.size)) ?? 0;
    if (!known.has(address)) {
      const type = types.at(address);
      known.set(address, type !== undefined && isGreenlet(types, type) ? type : undefined);
    }
    const type = known.get(address);
    if (type !== undefined) found.set(object, type);
  }
  return found;
}

function isGreenlet(types: PythonTypes, type: PythonType): boolean {
  for (const { fullName } of types.lineage(type)) if (fullName === "greenlet.greenlet") return true;
  return false;
}

function readWords(objects: ObjectReader, address: Address): Address[] {
  const { object, pointerSize } = objects.layout;
  const bytes = objects.bytes(objects.pointer(address + object.size + 2 * pointerSize), PART_BYTES);
  const count = Math.floor(bytes.length / pointerSize);
  return Array.from({ length: count }, (_, index) => objects.pointerIn(bytes, index * pointerSize));
}

/** Which words of a greenlet's own part are what. */
interface OwnWords {
  /** Where its stack starts, and then where it stops. */
  readonly stack: number;
  /** The first greenlet of the thread. */
  readonly first: number;
}

/** The first greenlet of a thread has itself there a second time. */
function ownWords(
  { layout }: ObjectReader,
  all: ReadonlyMap<Address, readonly Address[]>,
): OwnWords | undefined {
  // The state of exceptions is three words, up to 3.10 five; then two of arguments.
  const stack = layout.frame.owner === ABSENT ? 9 : 7;
  for (const [address, words] of all) {
    const first = words.indexOf(address, stack + 2);
    if (words[1] === address && first >= 0) return { stack, first };
  }
  return undefined;
}

function partOf(
  objects: ObjectReader,
  types: PythonTypes,
  { fullName }: PythonType,
  address: Address,
  words: readonly Address[],
  own: OwnWords,
): GreenletPart | undefined {
  if (words[1] !== address) return undefined;
  const [first = 0, second = 0, third = 0] = words.slice(own.first);
  const isFirst = first === address;
  const frame = words
    .slice(own.stack + 5, own.first)
    .find((word) => types.of(objects.object(word))?.fullName === "frame");
  return {
    name: isFirst ? "main" : fullName === "greenlet.greenlet" ? "" : fullName,
    main: first,
    parent: isFirst ? 0 : third,
    running: isFirst ? objects.pointer(second + objects.layout.pointerSize) : 0,
    frame: frame ?? 0,
    stackStop: words[own.stack + 1] ?? 0,
  };
}

/** The first greenlet of the thread of another one, which knows it from when it was first switched to. */
function firstOf(parts: ReadonlyMap<Address, GreenletPart>, part: GreenletPart): Address {
  let next: GreenletPart | undefined = part;
  for (let count = 0; next !== undefined && next.main === 0 && count < parts.size; count++) {
    next = parts.get(next.parent);
  }
  return next?.main ?? 0;
}

/** Which thread each first greenlet is of: the others have been on its stack. */
function ownersOf(
  parts: ReadonlyMap<Address, GreenletPart>,
  threads: readonly ThreadTrack[],
  maps: readonly MemoryMap[],
): ReadonlyMap<Address, ThreadTrack> {
  const owners = new Map<Address, ThreadTrack>();
  for (const [address, { main, stackStop }] of parts) {
    if (address === main || main === 0 || owners.has(main)) continue;
    const map = maps.find(({ start, end }) => start <= stackStop && stackStop < end);
    if (map === undefined) continue;
    // What a thread calls itself is an address on its stack, but for the first one.
    const owner =
      map.path === "[stack]"
        ? threads[0]
        : threads.find(({ pythonId }) => map.start <= pythonId && pythonId < map.end);
    if (owner !== undefined) owners.set(main, owner);
  }
  return owners;
}

function framesFrom(objects: ObjectReader, frameObject: Address): CoroutineFrame[] {
  const { layout } = objects;
  const { size, executable, executableTag, previous, owner, firstForeignOwner } = layout.frame;
  // From 3.11 on a frame object has but the address of the frame, behind that of the object around it.
  const isObject = owner === ABSENT;
  let next = isObject ? frameObject : objects.pointer(frameObject + layout.object.size + layout.pointerSize);
  const frames: CoroutineFrame[] = [];
  while (next !== 0 && frames.length < MOST_FRAMES) {
    const bytes = objects.bytes(next, size);
    if (bytes.length < size) break;
    const tagged = objects.pointerIn(bytes, executable);
    const isForeign = firstForeignOwner !== ABSENT && (bytes[owner] ?? 0) >= firstForeignOwner;
    const code = tagged - (tagged % (executableTag + 1));
    if (!isForeign) frames.push({ address: next, code, instruction: instructionIn(objects, bytes) });
    next = objects.pointerIn(bytes, previous);
  }
  return frames.reverse();
}
