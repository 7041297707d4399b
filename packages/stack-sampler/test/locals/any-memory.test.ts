import { type Layout, layoutFor, TypeFlag } from "@pyspy/cpython-layouts";
import type { Address, MemoryReader, ScatterRead } from "@pyspy/proc-memory";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LocalsReader } from "../../src/locals/locals-reader.js";

const SIZE = 2 ** 14;
const OBJECT = 0x1000;
const TYPE = 0x2000;
const NAME = 0x3e00;

/** Every address leads into the same few pages, so that what is read there can go on for ever. */
class EndlessMemory implements MemoryReader {
  readonly failure = undefined;
  bytesRead = 0;
  readonly #bytes: Uint8Array;
  readonly #end: Address;

  constructor(bytes: Uint8Array, end: Address) {
    this.#bytes = bytes;
    this.#end = end;
  }

  readInto(address: Address, target: Uint8Array): number {
    const count = Math.max(0, Math.min(target.length, this.#end - address));
    for (let done = 0; done < count; ) {
      const start = (address + done) % SIZE;
      const part = this.#bytes.subarray(start, start + count - done);
      target.set(part, done);
      done += part.length;
    }
    this.bytesRead += count;
    return count;
  }

  readScatter(_scatter: ScatterRead): number {
    return 0;
  }
}

const layouts: readonly (readonly [name: string, layout: Layout])[] = [
  [2, 3],
  [2, 7],
  [3, 3],
  [3, 6],
  [3, 8],
  [3, 11],
  [3, 12],
  [3, 13],
  [3, 14],
  [3, 15],
].map(([major = 3, minor = 0]) => [`${major}.${minor}`, layoutFor({ major, minor, micro: 0, release: "" })]);

/** A word that leads somewhere, that is a small number, or anything. */
const word = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(OBJECT, TYPE, NAME, OBJECT + 0x100, OBJECT + 0x208, TYPE + 1) },
  { weight: 3, arbitrary: fc.nat(70) },
  { weight: 1, arbitrary: fc.maxSafeInteger() },
  { weight: 1, arbitrary: fc.constant(2 ** 64 - 2 ** 12) },
);

const typeNames = [
  ...[
    "object",
    "NoneType",
    "bool",
    "int",
    "long",
    "float",
    "complex",
    "str",
    "unicode",
    "bytes",
    "bytearray",
    "tuple",
  ],
  ...[
    "list",
    "dict",
    "set",
    "frozenset",
    "frozendict",
    "type",
    "generator",
    "coroutine",
    "cell",
    "function",
    "instance",
  ],
  ...[
    "range",
    "xrange",
    "slice",
    "mappingproxy",
    "dict_keys",
    "dict_items",
    "module",
    "builtin_function_or_method",
  ],
  ...[
    "method",
    "instancemethod",
    "code",
    "classobj",
    "BaseException",
    "collections.deque",
    "collections.defaultdict",
  ],
  ...[
    "collections.OrderedDict",
    "collections.Counter",
    "numpy.ndarray",
    "numpy.float32",
    "numpy.str_",
    "torch.Tensor",
  ],
  ...[
    "numpy.dtype",
    "numpy.datetime64",
    "numpy.dtypes.StringDType",
    "array.array",
    "memoryview",
    "odict_items",
  ],
  ...[
    "functools.partial",
    "itertools.count",
    "itertools.repeat",
    "types.SimpleNamespace",
    "weakref.ReferenceType",
  ],
  ...["decimal.Decimal", "zoneinfo.ZoneInfo", "_thread.lock", "_thread.RLock", "re.Pattern", "re.Match"],
  ...["_io.TextIOWrapper", "_io.BufferedReader", "_io.FileIO", "file", "super", "method_descriptor"],
  ...["method-wrapper", "classmethod", "ImportError", "sentinel", "string.templatelib.Template"],
  ...[
    "string.templatelib.Interpolation",
    "pandas.DataFrame",
    "pandas.Index",
    "enum.EnumMeta",
    "a\x1b[2Jb",
    "",
  ],
];

const flags = fc.constantFrom(
  ...[
    0,
    TypeFlag.heapType,
    TypeFlag.heapType | TypeFlag.managedDict | TypeFlag.inlineValues,
    TypeFlag.longSubclass,
  ],
  ...[TypeFlag.listSubclass, TypeFlag.tupleSubclass, TypeFlag.dictSubclass, TypeFlag.unicodeSubclass],
  ...[TypeFlag.heapType | TypeFlag.dictSubclass, TypeFlag.heapType | TypeFlag.tupleSubclass, -1],
);

const memory = fc.record({
  words: fc.array(word, { minLength: 256, maxLength: 256 }),
  name: fc.constantFrom(...typeNames),
  flags,
  end: fc.constantFrom(2 ** 47, 2 ** 47, OBJECT + 0x300, TYPE + 0x40),
});

describe.each(layouts)("in the memory of a %s that is not what it should be", (_, layout) => {
  test("a value is text of bounded length after bounded reading", () => {
    const options = { attributes: 5, redact: /secret/, depth: 200, characters: 300 };
    fc.assert(
      fc.property(memory, (facts) => {
        const fake = new EndlessMemory(bytesOf(layout, facts), facts.end);
        const { text, type } = new LocalsReader(fake, layout, options).render(OBJECT);
        expect(text.length).toBeGreaterThan(0);
        expect(text.length).toBeLessThan(20_000);
        expect(text + type).toMatch(/^[^\p{Cc}\p{Cs}]*$/u);
        expect(fake.bytesRead).toBeLessThan(2 ** 20 + 1024);
      }),
      { numRuns: 600 },
    );
  });

  test("the variables of a frame are bounded, too", () => {
    fc.assert(
      fc.property(memory, (facts) => {
        const fake = new EndlessMemory(bytesOf(layout, facts), facts.end);
        const reader = new LocalsReader(fake, layout, { namespaces: true, variables: 20 });
        const { variables } = reader.read(OBJECT, TYPE);
        expect(variables.length).toBeLessThanOrEqual(20);
      }),
      { numRuns: 30 },
    );
  });
});

function bytesOf(
  layout: Layout,
  { words, name, flags }: { words: readonly number[]; name: string; flags: number },
): Uint8Array {
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  for (let offset = 0; offset < SIZE; offset += 8) {
    view.setBigUint64(offset, BigInt(words[(offset / 8) % words.length] ?? 0), true);
  }
  const { ob_type } = layout.object;
  for (const object of [OBJECT, OBJECT + 0x100, OBJECT + 0x208])
    view.setBigUint64(object + ob_type, BigInt(TYPE), true);
  view.setBigUint64(TYPE + layout.type.tp_name, BigInt(NAME), true);
  view.setInt32(TYPE + layout.type.tp_flags, flags, true);
  view.setBigUint64(OBJECT + layout.frame.executable, BigInt(TYPE), true);
  bytes.set(new TextEncoder().encode(`${name}\0`), NAME);
  return bytes;
}
