import {
  ABSENT,
  bytesHeader,
  decodeCell,
  decodeStackReference,
  type Layout,
  LocalKind,
} from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { UNREADABLE } from "../python/remote-text.js";
import { plainText } from "./escapes.js";
import type { ObjectReader } from "./object-reader.js";
import { type PythonTypes, tupleItems } from "./python-type.js";

/** What a variable of a function is: a `cell` is shared with functions inside, and `free` is one of a function around. */
export type VariableKind = "argument" | "local" | "cell" | "free";

export interface FrameQuery {
  readonly frame: Address;
  readonly code: Address;
  readonly namespaces: boolean;
  readonly limit: number;
}

/** A variable that has a value. */
export interface FoundVariable {
  /** Undefined if it could not be read. */
  readonly name: string | undefined;
  /** Can be printed as it is. */
  readonly shownName: string;
  readonly kind: VariableKind;
  readonly address: Address;
}

export interface FoundVariables {
  readonly variables: readonly FoundVariable[];
  /** Where the frame is in its code, as `frame.instructionKind` of the layout says; undefined if it cannot be read. */
  readonly instruction: number | undefined;
  /** Reads the frame again: false if it has done nothing since. */
  hasChanged(): boolean;
}

/** More variables than any function has. */
const MAX_SLOTS = 2 ** 12;
/** Bytes that a frame's own parts may take, names included. */
const ALLOWANCE = 2 ** 21;

const CO_OPTIMIZED = 1;
const CO_VARARGS = 4;
const CO_VARKEYWORDS = 8;

/** A place in a frame where a variable's value or its cell is. */
interface Slot {
  readonly index: number;
  /** Address of the name. */
  readonly name: Address;
  readonly kind: VariableKind;
  readonly isCell: boolean;
}

/**
 * The variables of a frame in the order of its code. Names are in the code object and values in an array in the frame, in
 * the same order:
 *
 *     up to 3.10   co_varnames, then co_cellvars, then co_freevars
 *     3.11+        co_localsplusnames, of which co_localspluskinds tells what each is
 *
 * Variables that functions inside use are in cells. An argument that is one of them has moved there: up to 3.10 to a
 * place of its own, since then where it is.
 */
export function frameVariables(objects: ObjectReader, types: PythonTypes, query: FrameQuery): FoundVariables {
  objects.allowance = ALLOWANCE;
  const { layout } = objects;
  const { frame, code, limit } = query;
  const codeBytes = objects.bytes(code, layout.code.size);
  const hasCode = codeBytes.length === layout.code.size;
  const slots = hasCode ? slotsOf(objects, codeBytes) : [];
  const length = layout.frame.localsplus + slots.length * layout.pointerSize;
  const bytes = objects.bytes(frame, length);
  const { executable, executableTag } = layout.frame;
  const runs = objects.pointerIn(bytes, executable);
  if (!hasCode || bytes.length < length || runs - (runs % (executableTag + 1)) !== code) {
    return { variables: [], instruction: undefined, hasChanged: () => true };
  }
  const variables = variablesIn(objects, types, bytes, slots);
  const isFunction = (uint32At(codeBytes, layout.code.co_flags) & CO_OPTIMIZED) !== 0;
  if (query.namespaces && !isFunction) variables.unshift(...namespaceOf(objects, bytes, limit));
  return {
    variables: variables.slice(0, limit),
    instruction: instructionIn(objects, bytes),
    hasChanged: () => {
      objects.allowance = ALLOWANCE;
      return !isSameFrame(layout, bytes, objects.bytes(frame, length));
    },
  };
}

function slotsOf(objects: ObjectReader, code: Uint8Array): Slot[] {
  const { code: at } = objects.layout;
  const flags = uint32At(code, at.co_flags);
  const count = (offset: number): number => (offset === ABSENT ? 0 : uint32At(code, offset));
  const variadic = ((flags & CO_VARARGS) === 0 ? 0 : 1) + ((flags & CO_VARKEYWORDS) === 0 ? 0 : 1);
  const argumentCount = count(at.co_argcount) + count(at.co_kwonlyargcount) + variadic;
  const namesAt = (offset: number): Address[] =>
    tupleItems(objects, objects.pointerIn(code, offset), MAX_SLOTS);

  if (at.co_localsplusnames !== ABSENT) {
    const names = namesAt(at.co_localsplusnames);
    const kinds = bytesContents(objects, objects.pointerIn(code, at.co_localspluskinds), names.length);
    return names.flatMap((name, index): Slot[] => {
      const bits = kinds[index] ?? LocalKind.local;
      if ((bits & LocalKind.hidden) !== 0) return [];
      const isCell = (bits & (LocalKind.cell | LocalKind.free)) !== 0;
      const kind = (bits & LocalKind.free) !== 0 ? "free" : (bits & LocalKind.cell) !== 0 ? "cell" : "local";
      return [{ index, name, kind: index < argumentCount ? "argument" : kind, isCell }];
    });
  }
  const groups: readonly (readonly [kind: VariableKind, names: readonly Address[]])[] = [
    ["local", namesAt(at.co_varnames)],
    ["cell", namesAt(at.co_cellvars)],
    ["free", namesAt(at.co_freevars)],
  ];
  return groups
    .flatMap(([kind, names]) => names.map((name) => ({ name, kind, isCell: kind !== "local" })))
    .map((slot, index) => ({ ...slot, index, kind: index < argumentCount ? "argument" : slot.kind }));
}

function bytesContents(objects: ObjectReader, address: Address, limit: number): Uint8Array {
  const object = objects.object(address);
  const header = bytesHeader(objects.layout, object);
  return header === undefined ? object.subarray(0, 0) : objects.data(address, object, header, limit);
}

function variablesIn(
  objects: ObjectReader,
  types: PythonTypes,
  frame: Uint8Array,
  slots: readonly Slot[],
): FoundVariable[] {
  const found = new Map<string | Slot, FoundVariable>();
  for (const slot of slots) {
    const held = valueIn(objects, frame, slot.index);
    if (held === 0 && slot.kind !== "argument") continue;
    const cell = slot.isCell && held !== 0 ? cellContents(objects, types, held) : undefined;
    const name = objects.name(slot.name);
    const key = name ?? slot;
    // What a cell says of an argument is newer than what the argument was.
    const kind = found.get(key)?.kind ?? slot.kind;
    found.set(key, {
      name,
      shownName: name === undefined ? UNREADABLE : plainText(name),
      kind,
      address: cell ?? held,
    });
  }
  return [...found.values()].filter(({ address }) => address !== 0);
}

/** Address of what a slot holds; 0 if that is nothing. */
function valueIn({ layout }: ObjectReader, frame: Uint8Array, index: number): Address {
  const reference = decodeStackReference(layout, frame, layout.frame.localsplus + index * layout.pointerSize);
  return reference?.kind === "object" ? reference.address : 0;
}

/** What a cell holds, 0 if it is empty; undefined if there is no cell yet: a frame that starts makes them first. */
function cellContents(objects: ObjectReader, types: PythonTypes, address: Address): Address | undefined {
  const object = objects.object(address);
  return types.of(object)?.kind === "cell" ? decodeCell(objects.layout, object) : undefined;
}

/** What the dict of a class body or module holds, without `__names__`, which Python itself puts there. */
function namespaceOf(objects: ObjectReader, frame: Uint8Array, limit: number): FoundVariable[] {
  const found: FoundVariable[] = [];
  for (const { key, value } of objects.dictEntries(objects.pointerIn(frame, objects.layout.frame.f_locals))) {
    if (found.length >= limit) break;
    const name = objects.name(key);
    if (name !== undefined && /^__.*__$/.test(name)) continue;
    const shownName = name === undefined ? UNREADABLE : plainText(name);
    found.push({ name, shownName, kind: "local", address: value });
  }
  return found;
}

/** Where a frame is in its code, as `frame.instructionKind` of the layout says. */
export function instructionIn(objects: ObjectReader, frame: Uint8Array): number {
  const { instruction } = objects.layout.frame;
  return isAddress(objects.layout) ? objects.pointerIn(frame, instruction) : uint32At(frame, instruction) | 0;
}

function isAddress({ frame }: Layout): boolean {
  return frame.instructionKind === "prev_instr" || frame.instructionKind === "instr_ptr";
}

function isSameFrame(layout: Layout, before: Uint8Array, after: Uint8Array): boolean {
  if (after.length < before.length) return false;
  const { frame, pointerSize } = layout;
  return (
    sameBytes(before, after, frame.previous, pointerSize) &&
    sameBytes(before, after, frame.executable, pointerSize) &&
    sameBytes(before, after, frame.instruction, isAddress(layout) ? pointerSize : 4) &&
    sameBytes(before, after, frame.localsplus, before.length - frame.localsplus)
  );
}

function sameBytes(left: Uint8Array, right: Uint8Array, start: number, length: number): boolean {
  for (let index = start; index < start + length; index++) if (left[index] !== right[index]) return false;
  return true;
}

function uint32At(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, true);
}
