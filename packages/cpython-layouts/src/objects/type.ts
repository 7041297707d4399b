import { ABSENT, type Layout } from "../layout.js";
import { viewOf, wordAt } from "../object-view.js";

/** Bits of `tp_flags`, the same in all versions that have them. */
export const TypeFlag = {
  /** Made by a `class` statement, or otherwise while the program runs. */
  heapType: 1 << 9,
  /** 3.13+ */
  inlineValues: 1 << 2,
  /** 3.11+ */
  managedDict: 1 << 4,
  /** 2.6–2.7 */
  intSubclass: 1 << 23,
  /** This and the following since 2.6. */
  longSubclass: 1 << 24,
  listSubclass: 1 << 25,
  tupleSubclass: 1 << 26,
  /** `str` in 2.x. */
  bytesSubclass: 1 << 27,
  unicodeSubclass: 1 << 28,
  dictSubclass: 1 << 29,
  exceptionSubclass: 1 << 30,
  typeSubclass: -(2 ** 31),
} as const;

/** What a type says about its instances. */
export interface TypeHeader {
  /** Address of its name, a C string; builtin ones and those of extensions have their module in front: `a.b.C`. */
  readonly name: number;
  /** Size of an instance, without its variable part. */
  readonly basicSize: number;
  /** Size of one item of the variable part. */
  readonly itemSize: number;
  /** {@link TypeFlag} */
  readonly flags: number;
  /** Address of the first base, or 0. */
  readonly base: number;
  /** Address of a tuple of the type and all that it derives from, in the order in which attributes are looked for. */
  readonly mro: number;
  /** Address of the dict of the class body; 0 in builtin types of 3.12+. */
  readonly dict: number;
  /** Where an instance has the pointer to its dict; 0 if nowhere, negative if counted from its end. */
  readonly dictOffset: number;
  /** Address of the keys that dicts of instances share (3.3+), or 0. */
  readonly cachedKeys: number;
  /** Address of the qualified name, a string, of a type that is not static (3.3+), or 0. */
  readonly qualname: number;
  /** Address of its own name, a string, of a type that is not static (3.3+), or 0: types of C do not have their module in it. */
  readonly ownName: number;
  /** Address of the function that makes the `repr` of its instances: a type that does not override it has that of its base. */
  readonly repr: number;
  /** Address of a list of `PyMemberDef` that a name of 0 ends, or 0. */
  readonly members: number;
  /** Address of a dict of weak references to the types that derive from it (3.x), or 0. Builtin types of 3.12+ have a number there. */
  readonly subclasses: number;
}

/** Address of an object's type; undefined if the bytes are too few. */
export function typeAddress(layout: Layout, object: Uint8Array): number | undefined {
  const { ob_type } = layout.object;
  return object.length < ob_type + layout.pointerSize ? undefined : wordAt(layout, viewOf(object), ob_type);
}

/**
 * What a type object says.
 *
 * @param type - bytes of the type from its start, `layout.type.size` of them. Builtin types are shorter and have no
 *   `cachedKeys`, so fewer will do.
 * @returns undefined if the bytes are too few for a builtin type
 */
export function decodeType(layout: Layout, type: Uint8Array): TypeHeader | undefined {
  const {
    tp_name,
    tp_basicsize,
    tp_itemsize,
    tp_flags,
    tp_base,
    tp_dict,
    tp_dictoffset,
    tp_mro,
    ht_cached_keys,
  } = layout.type;
  if (type.length < tp_mro + layout.pointerSize) return undefined;
  const view = viewOf(type);
  const isHeapType = (view.getUint32(tp_flags, true) & TypeFlag.heapType) !== 0;
  // tp_cache is between the two.
  const subclassesAt = tp_mro + 2 * layout.pointerSize;
  const hasKeys =
    isHeapType && ht_cached_keys !== ABSENT && type.length >= ht_cached_keys + layout.pointerSize;
  return {
    name: wordAt(layout, view, tp_name),
    // Small numbers, in the low half of however wide a field.
    basicSize: view.getInt32(tp_basicsize, true),
    itemSize: view.getInt32(tp_itemsize, true),
    flags: view.getInt32(tp_flags, true),
    base: wordAt(layout, view, tp_base),
    mro: wordAt(layout, view, tp_mro),
    dict: wordAt(layout, view, tp_dict),
    dictOffset: view.getInt32(tp_dictoffset, true),
    cachedKeys: hasKeys ? wordAt(layout, view, ht_cached_keys) : 0,
    qualname: hasKeys ? wordAt(layout, view, ht_cached_keys - layout.pointerSize) : 0,
    // Between the two there are the slots.
    ownName: hasKeys ? wordAt(layout, view, ht_cached_keys - 3 * layout.pointerSize) : 0,
    repr: wordAt(layout, view, tp_flags - SLOTS_FROM_REPR_TO_FLAGS * layout.pointerSize),
    members: wordAt(layout, view, tp_base - 2 * layout.pointerSize),
    subclasses: type.length >= subclassesAt + layout.pointerSize ? wordAt(layout, view, subclassesAt) : 0,
  };
}

/** `tp_repr` to `tp_as_buffer`, the same in all versions. */
const SLOTS_FROM_REPR_TO_FLAGS = 10;

/** How to decode an object. `other` is an instance of a class, or a kind that is not here. */
export type ObjectKind =
  | "none"
  | "bool"
  | "int"
  | "long"
  | "float"
  | "complex"
  | "bytes"
  | "unicode"
  | "tuple"
  | "list"
  | "dict"
  | "set"
  | "type"
  | "generator"
  | "cell"
  | "function"
  | "oldInstance"
  | "other";

const kindsByName: ReadonlyMap<string, ObjectKind> = new Map<string, ObjectKind>([
  ["NoneType", "none"],
  ["bool", "bool"],
  ["float", "float"],
  ["complex", "complex"],
  ["set", "set"],
  ["frozenset", "set"],
  ["frozendict", "dict"],
  ["generator", "generator"],
  ["coroutine", "generator"],
  ["async_generator", "generator"],
  ["cell", "cell"],
  ["function", "function"],
  ["instance", "oldInstance"],
]);

/** For 2.3–2.5, where flags do not say it. */
const oldKindsByName: ReadonlyMap<string, ObjectKind> = new Map<string, ObjectKind>([
  ["int", "int"],
  ["long", "long"],
  ["str", "bytes"],
  ["unicode", "unicode"],
  ["tuple", "tuple"],
  ["list", "list"],
  ["dict", "dict"],
  ["type", "type"],
]);

const kindsByFlag: readonly (readonly [flag: number, kind: ObjectKind])[] = [
  [TypeFlag.intSubclass, "int"],
  [TypeFlag.longSubclass, "long"],
  [TypeFlag.listSubclass, "list"],
  [TypeFlag.tupleSubclass, "tuple"],
  [TypeFlag.bytesSubclass, "bytes"],
  [TypeFlag.unicodeSubclass, "unicode"],
  [TypeFlag.dictSubclass, "dict"],
  [TypeFlag.typeSubclass, "type"],
];

/**
 * What kind of object an instance of a type is. Subclasses are what they derive from where flags say so: `OrderedDict` is
 * a dict. `int` is the fixed-size one of 2.x alone; that of 3.x is `long`.
 *
 * @param name - the type's own name
 */
export function objectKind(layout: Layout, { flags }: Pick<TypeHeader, "flags">, name: string): ObjectKind {
  // Anyone can call a class `set`, but these are built in.
  const byName = (flags & TypeFlag.heapType) === 0 ? kindsByName.get(name) : undefined;
  if (byName !== undefined) return byName;
  if (!layout.type.hasSubclassFlags) return oldKindsByName.get(name) ?? "other";
  for (const [flag, kind] of kindsByFlag) {
    if ((flags & flag) !== 0 && (kind !== "int" || layout.int.ob_ival !== ABSENT)) return kind;
  }
  return "other";
}
