import { describe, expect, test } from "vitest";
import {
  attributeSources,
  decodeAttributeSource,
  decodeSlots,
  decodeType,
  type Layout,
  memberSize,
  objectKind,
  slotTable,
  TypeFlag,
  type TypeHeader,
} from "../../src/index.js";
import { layoutOf, words, wordsAt } from "../fixtures/object-bytes.js";

const OBJECT = 0x7f00_0000_1000;
const HEAP_TYPE = 1 << 9;

function type(changes: Partial<TypeHeader>): TypeHeader {
  return {
    name: 0,
    basicSize: 16,
    itemSize: 0,
    flags: 0,
    base: 0,
    mro: 0,
    dict: 0,
    dictOffset: 0,
    cachedKeys: 0,
    qualname: 0,
    ownName: 0,
    repr: 0,
    members: 0,
    subclasses: 0,
    ...changes,
  };
}

describe("the attributes of an instance are", () => {
  const managed = type({ flags: TypeFlag.managedDict | TypeFlag.inlineValues, basicSize: 16 });

  test.each([
    ["3.10.13", type({ dictOffset: 16 }), 0, [["dict", 16]]],
    ["3.10.13", type({ dictOffset: 0 }), 0, []],
    ["3.10.13", type({ dictOffset: -8, basicSize: 32, itemSize: 1 }), 5, [["dict", 32]]],
    [
      "3.11.7",
      managed,
      0,
      [
        ["values", -32],
        ["dict", -24],
      ],
    ],
    ["3.12.1", managed, 0, [["tagged", -24]]],
    [
      "3.13.0",
      managed,
      0,
      [
        ["dict", -24],
        ["inline", 16],
      ],
    ],
    ["3.13.0", type({ flags: TypeFlag.managedDict }), 0, [["dict", -24]]],
    ["3.13.0", type({ dictOffset: 24 }), 0, [["dict", 24]]],
  ] as const)("in %s with %o and %i items at %j", (text, type, items, expected) => {
    const sources = attributeSources(layoutOf(text), type, OBJECT, items);
    expect(sources.map(({ kind, address }) => [kind, address - OBJECT])).toEqual(expected);
  });

  test("in front of the object in free-threaded builds", () => {
    const [dict] = attributeSources(layoutOf("3.14.10", { freeThreaded: true }), managed, OBJECT);
    expect(dict).toEqual({ kind: "dict", address: OBJECT - 8 });
  });
});

describe("a source of attributes says", () => {
  const decode = (
    layout: Layout,
    kind: "dict" | "values" | "tagged" | "inline",
    ...bytes: readonly (number | bigint)[]
  ) => decodeAttributeSource(layout, { kind, address: OBJECT }, words(layout, ...bytes));

  test("where the dict or the values are, or nothing", () => {
    const layout = layoutOf("3.11.7");
    expect(decode(layout, "dict", 0x1000)).toEqual({ kind: "dict", address: 0x1000 });
    expect(decode(layout, "values", 0x1000)).toEqual({ kind: "values", address: 0x1000 });
    expect(decode(layout, "dict", 0)).toBeUndefined();
    expect(decode(layout, "dict")).toBeUndefined();
  });

  test("which of the two they are by the lowest bit in 3.12", () => {
    const layout = layoutOf("3.12.1");
    expect(decode(layout, "tagged", 0x1000)).toEqual({ kind: "dict", address: 0x1000 });
    expect(decode(layout, "tagged", 0x0fff)).toEqual({ kind: "values", address: 0x1000 });
  });

  test("whether the values in the object are the ones to read from 3.13 on", () => {
    const layout = layoutOf("3.13.0");
    expect(decode(layout, "inline", 0x01_01_02_1en)).toEqual({ kind: "values", address: OBJECT + 8 });
    expect(decode(layout, "inline", 0x00_01_02_1en)).toBeUndefined();
  });
});

test("slots follow the type, as long as its own type is", () => {
  const layout = layoutOf("3.12.1");
  const table = slotTable(layout, wordsAt(layout, 64, { 16: 2 }), type({ basicSize: 920 }));
  expect(table).toEqual({ length: 2, byteLength: 80, dataOffset: 920, dataAddress: undefined });
  const members = words(layout, 0x100, 16, 16, 0, 0, 0x200, 16, 24, 0, 0);
  expect(decodeSlots(layout, members)).toEqual([
    { name: 0x100, offset: 16 },
    { name: 0x200, offset: 24 },
  ]);
  expect(decodeSlots(layout, members.subarray(0, 79))).toHaveLength(1);
});

test("members that an extension's class has of other types are no slots", () => {
  const layout = layoutOf("3.12.1");
  const [UINT, OBJECT_MEMBER, SSIZE, OBJECT_SLOT] = [11, 6, 19, 16];
  const members = [UINT, OBJECT_MEMBER, SSIZE, OBJECT_SLOT].flatMap((kind, index) => [
    ...[0x100 * (index + 1), kind, 16 + 8 * index, 0, 0],
  ]);
  expect(decodeSlots(layout, words(layout, ...members))).toEqual([
    { name: 0x200, offset: 24 },
    { name: 0x400, offset: 40 },
  ]);
});

test.each([
  ["2.4.6", {}, 32],
  ["2.5.6", {}, 40],
  ["3.12.1", {}, 40],
  ["3.11.7", { architecture: "ia32" as const }, 20],
])("descriptions of members of %s %o take %i bytes", (text, build, size) => {
  expect(memberSize(layoutOf(text, build))).toBe(size);
});

describe("a type", () => {
  const layout = layoutOf("3.12.1");
  const bytes = wordsAt(layout, layout.type.size, {
    24: 0x4000,
    32: 48,
    40: 0,
    88: 0x1000,
    168: HEAP_TYPE | TypeFlag.managedDict,
    240: 0x3000,
    256: 0x5000,
    264: 0x6000,
    288: -1,
    344: 0x9000,
    360: 0xb000,
    856: 0xa000,
    872: 0x8000,
    880: 0x7000,
  });

  test("says what its instances are like", () => {
    expect(decodeType(layout, bytes)).toEqual({
      name: 0x4000,
      basicSize: 48,
      itemSize: 0,
      flags: HEAP_TYPE | TypeFlag.managedDict,
      base: 0x5000,
      mro: 0x9000,
      dict: 0x6000,
      dictOffset: -1,
      cachedKeys: 0x7000,
      qualname: 0x8000,
      ownName: 0xa000,
      repr: 0x1000,
      members: 0x3000,
      subclasses: 0xb000,
    });
  });

  test("has no keys if it is builtin, or was not read so far", () => {
    expect(decodeType(layout, bytes.subarray(0, 400))?.cachedKeys).toBe(0);
    expect(decodeType(layout, bytes.subarray(0, 367))?.subclasses).toBe(0);
    const builtin = bytes.slice();
    builtin.fill(0, 168, 176);
    expect(decodeType(layout, builtin)?.cachedKeys).toBe(0);
    expect(decodeType(layout, bytes.subarray(0, 351))).toBeUndefined();
  });

  test.each([
    ["3.13.0", TypeFlag.longSubclass, "bool", "bool"],
    ["3.13.0", TypeFlag.longSubclass, "Colour", "long"],
    ["3.13.0", TypeFlag.dictSubclass, "OrderedDict", "dict"],
    ["3.13.0", TypeFlag.typeSubclass, "ABCMeta", "type"],
    ["3.13.0", TypeFlag.intSubclass, "thing", "other"],
    ["3.13.0", HEAP_TYPE, "set", "other"],
    ["3.15.2", 0, "frozendict", "dict"],
    ["2.7.18", TypeFlag.intSubclass, "int", "int"],
    ["2.7.18", 0, "instance", "oldInstance"],
    ["2.5.6", 0, "str", "bytes"],
    ["2.5.6", TypeFlag.dictSubclass, "thing", "other"],
  ])("of %s with flags %i and the name %s is a kind of %s", (text, flags, name, kind) => {
    expect(objectKind(layoutOf(text), { flags }, name)).toBe(kind);
  });
});
