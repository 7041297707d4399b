import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ABSENT,
  debugOffsetsSize,
  LayoutError,
  layoutFor,
  layoutFromDebugOffsets,
  parsePyVersionHex,
  readDebugOffsetsHeader,
} from "../src/index.js";
import { debugOffsetsFields } from "../src/versions/debug-offsets-fields.js";
import { measuredRow } from "../src/versions/measured-row.js";
import { debugOffsetsOf, debugOffsetsTable, type Field } from "./fixtures/debug-offsets-table.js";

const builds = [
  { name: "3.13.0", hex: 0x030d00f0, row: measuredRow("3.13.0"), freeThreaded: false },
  { name: "3.13.18", hex: 0x030d12f0, row: measuredRow("3.13.18"), freeThreaded: false },
  { name: "3.13.15t", hex: 0x030d0ff0, row: measuredRow("3.13.15t"), freeThreaded: true },
  { name: "3.14.10", hex: 0x030e0af0, row: measuredRow("3.14.10"), freeThreaded: false },
  { name: "3.14.10t", hex: 0x030e0af0, row: measuredRow("3.14.10t"), freeThreaded: true },
  { name: "3.15.2", hex: 0x030f02f0, row: measuredRow("3.15.2"), freeThreaded: false },
  { name: "3.15.2t", hex: 0x030f02f0, row: measuredRow("3.15.2t"), freeThreaded: true },
] as const;

type Build = (typeof builds)[number];

function fieldsOf({ hex }: Pick<Build, "hex">): readonly Field[] {
  return debugOffsetsFields[((hex >> 16) & 0xff) as 13 | 14 | 15];
}

function tableOf(
  build: Build,
  changes: Partial<Record<Field, number>> = {},
  hex: number = build.hex,
): Uint8Array {
  const offsets = { ...debugOffsetsOf(build.row), ...changes };
  return debugOffsetsTable(hex, build.freeThreaded, fieldsOf(build), offsets);
}

function errorOf(table: Uint8Array): LayoutError {
  try {
    layoutFromDebugOffsets(table);
  } catch (error) {
    if (error instanceof LayoutError) return error;
    throw error;
  }
  throw new Error("the table was accepted");
}

/** By the names of the builds that have it. */
const nextVersions: Readonly<Record<string, number>> = {
  "3.13.0": 17_000,
  "3.13.18": 17_000,
  "3.13.15t": 20_092,
};

const [build3_13_0, build3_13, , build3_14, , build3_15, build3_15t] = builds;

describe("the layout that a build says it has", () => {
  test.each(builds)("is that of its headers: $name", (build) => {
    const version = parsePyVersionHex(build.hex);
    const measured = layoutFor(version, { freeThreaded: build.freeThreaded });
    const { size } = layoutFromDebugOffsets(tableOf(build)).runtime;
    expect(size).toBe(build.row["sizeof.runtime"]);
    expect(layoutFromDebugOffsets(tableOf(build))).toEqual({
      ...measured,
      verified: !build.freeThreaded || build.hex < 0x030e0000,
      runtime: { ...measured.runtime, size },
      interpreter: { ...measured.interpreter, func_state_next_version: nextVersions[build.name] ?? ABSENT },
      threadState: { ...measured.threadState, size: build.row["sizeof.ts"] },
    });
  });

  test("tells nothing of next_version where the interpreter has another size than those that were measured", () => {
    const size = build3_13.row["sizeof.is"] ?? 0;
    const other = layoutFromDebugOffsets(tableOf(build3_13, { "interpreter_state.size": size + 8 }));
    expect(other.interpreter.func_state_next_version).toBe(ABSENT);
  });

  test("follows the table where it differs from the headers", () => {
    const { interpreter, threadState, frame, code, type, unicode } = layoutFromDebugOffsets(
      tableOf(build3_14, {
        "interpreter_state.imports_modules": 7664,
        "thread_state.datastack_chunk": 240,
        "interpreter_frame.owner": 79,
        "code_object.argcount": 64,
        "type_object.tp_name": 40,
        "unicode_object.asciiobject_size": 48,
      }),
    );
    expect(interpreter.imports_modules).toBe(7664);
    expect([threadState.datastack_chunk, threadState.datastack_top]).toEqual([240, 248]);
    expect(frame.owner).toBe(79);
    expect([code.co_flags, code.co_argcount, code.co_nlocalsplus]).toEqual([60, 64, 84]);
    expect(type.tp_basicsize).toBe(48);
    expect([unicode.asciiData, unicode.compactData]).toEqual([48, 64]);
  });

  test("is as large as the version's list of fields", () => {
    const sizes = builds.map(({ hex, row }) => [
      debugOffsetsSize(parsePyVersionHex(hex)),
      row["sizeof.debug_offsets"],
    ]);
    for (const [size, measured] of sizes) expect(size).toBe(measured);
  });

  test("of a newer minor version is read by the newest list, and not verified", () => {
    const layout = layoutFromDebugOffsets(tableOf(build3_15, {}, 0x031000f0));
    expect(layout).toMatchObject({ version: { major: 3, minor: 16 }, verified: false });
    expect(layout.threadState).toEqual(layoutFromDebugOffsets(tableOf(build3_15)).threadState);
  });

  test("of a pre-release that fits is not verified", () => {
    expect(layoutFromDebugOffsets(tableOf(build3_15, {}, 0x030f00b4)).verified).toBe(false);
  });
});

describe("debug offsets are refused", () => {
  test("when a pre-release has another list of fields", () => {
    const fields = debugOffsetsFields[15].filter((field) => field !== "thread_state.last_profiled_frame_seq");
    const table = debugOffsetsTable(0x030f00b3, false, fields, debugOffsetsOf(build3_15.row));
    const error = errorOf(table);
    expect(error.code).toBe("debug-offsets-do-not-fit");
    expect(error.message).toMatch(
      /^Cannot use the debug offsets of CPython 3\.15\.0b3: .* the one known for 3\.15$/,
    );
  });

  test.each([13, 14, 15] as const)("when a field of 3.%i is missing, whichever it is", (minor) => {
    const build =
      builds.find(({ hex, freeThreaded }) => ((hex >> 16) & 0xff) === minor && !freeThreaded) ?? build3_13;
    const all = debugOffsetsFields[minor] as readonly Field[];
    // Losing one of the last group's fields moves nothing that a layout is made of.
    for (const missing of all.filter(
      (field) => !/^(gc|gen_object|llist_node|debugger_support)\./.test(field),
    )) {
      const fields = all.filter((field) => field !== missing);
      const table = debugOffsetsTable(build.hex, false, fields, debugOffsetsOf(build.row));
      expect(errorOf(table).code, `without ${missing}`).toBe("debug-offsets-do-not-fit");
    }
  });

  test.each([
    [
      "an offset beyond its struct",
      { "thread_state.datastack_chunk": 304 },
      "thread_state.datastack_chunk is 304 in 304 bytes",
    ],
    ["an odd address", { "code_object.name": 121 }, "code_object.name is 121, which is not a multiple of 8"],
    ["a struct without a size", { "thread_state.size": 0 }, "thread_state.size is 0"],
    ["a struct of a terabyte", { "runtime_state.size": 2 ** 40 }, "runtime_state.size is 1099511627776"],
    [
      "two fields in one place",
      { "thread_state.interp": 8 },
      "thread_state.interp and thread_state.next are at the same place",
    ],
    [
      "a field without room for what is next to it",
      { "code_object.argcount": 0 },
      "code_object.argcount is 0 in 208 bytes",
    ],
    [
      "a GIL whose fields are in front of it",
      { "interpreter_state.gil_runtime_state": 7784 },
      "interpreter_state.gil_runtime_state_locked is 7768 for a GIL at 7784",
    ],
    ["an object header of another build", { "pyobject.size": 32 }, "pyobject.size is 32"],
  ] as const)("when they have %s", (_, changes, reason) => {
    const error = errorOf(tableOf(build3_13_0, changes));
    expect(error.code).toBe("debug-offsets-do-not-fit");
    expect(error.message).toContain(`Cannot use the debug offsets of CPython 3.13.0: ${reason}, so`);
  });

  test("when the bytes are no table, or not all of it", () => {
    const table = tableOf(build3_13);
    expect(errorOf(new Uint8Array(1024)).code).toBe("debug-offsets-unreadable");
    expect(errorOf(table.subarray(0, 20)).code).toBe("debug-offsets-unreadable");
    expect(errorOf(table.subarray(0, 583)).message).toBe(
      "Cannot read the debug offsets of CPython 3.13.18: they are 584 bytes and only 583 were given",
    );
    expect(layoutFromDebugOffsets(table.subarray(0, 584)).version.micro).toBe(18);
  });

  test("when they are those of a version that has none", () => {
    expect(errorOf(tableOf(build3_13, {}, 0x030c01f0)).code).toBe("unsupported-version");
  });
});

test("the header alone says version and flavour", () => {
  expect(readDebugOffsetsHeader(tableOf(build3_15t).subarray(0, 24))).toEqual({
    version: { major: 3, minor: 15, micro: 2, release: "" },
    freeThreaded: true,
  });
  expect(readDebugOffsetsHeader(new Uint8Array(24))).toBeUndefined();
});

test("a layout has its fields wherever the table says, in whatever order", () => {
  const groups = ["thread_state", "interpreter_state", "code_object", "interpreter_frame"];
  const isMoved = (field: Field) =>
    groups.some((group) => field.startsWith(`${group}.`)) &&
    !field.endsWith(".size") &&
    !field.includes("gil_runtime_state");
  const moved = fieldsOf(build3_15t).filter(isMoved);
  // Far enough from each other for what is derived from a field to be next to it.
  const places = fc.shuffledSubarray(
    Array.from({ length: 100 }, (_, index) => 64 * (index + 1)),
    { minLength: moved.length, maxLength: moved.length },
  );
  fc.assert(
    fc.property(places, fc.constantFrom(build3_15, build3_15t), (places, build) => {
      const sizes = { "interpreter_state.gil_runtime_state": 7000 } as Partial<Record<Field, number>>;
      sizes["interpreter_state.gil_runtime_state_holder"] = 7008;
      sizes["interpreter_state.gil_runtime_state_locked"] = 7016;
      for (const group of groups) sizes[`${group}.size` as Field] = 8192;
      const offsets = Object.fromEntries(moved.map((field, index) => [field, places[index]]));
      const at = (field: Field): number => offsets[field] ?? ABSENT;
      const layout = layoutFromDebugOffsets(tableOf(build, { ...sizes, ...offsets }));
      const { threadState, interpreter, frame, code, gil } = layout;
      expect(threadState).toMatchObject({
        next: at("thread_state.next"),
        interp: at("thread_state.interp"),
        current_frame: at("thread_state.current_frame"),
        base_frame: at("thread_state.base_frame"),
        datastack_chunk: at("thread_state.datastack_chunk"),
        datastack_top: at("thread_state.datastack_chunk") + 8,
        holds_gil: at("thread_state.holds_gil"),
        exc_info: at("thread_state.current_exception") + 8,
      });
      expect(interpreter).toMatchObject({
        next: at("interpreter_state.next"),
        threads_head: at("interpreter_state.threads_head"),
        imports_modules: at("interpreter_state.imports_modules"),
        gc_collecting: at("interpreter_state.gc") + 112,
        tlbc_generation: build.freeThreaded ? at("interpreter_state.tlbc_generation") : ABSENT,
      });
      expect(gil).toEqual({
        last_holder: 8,
        locked: 16,
        enabled: build.freeThreaded ? 0 : ABSENT,
        size: 208,
      });
      expect(frame).toMatchObject({
        previous: at("interpreter_frame.previous"),
        executable: at("interpreter_frame.executable"),
        instruction: at("interpreter_frame.instr_ptr"),
        owner: at("interpreter_frame.owner"),
        tlbc_index: build.freeThreaded ? at("interpreter_frame.tlbc_index") : ABSENT,
      });
      expect(code).toMatchObject({
        co_filename: at("code_object.filename"),
        co_flags: at("code_object.argcount") - 4,
        linetable: at("code_object.linetable"),
        co_tlbc: build.freeThreaded ? at("code_object.co_tlbc") : ABSENT,
      });
    }),
  );
});

test("any table gives a layout or the package's error", () => {
  const anyValue = fc.oneof(fc.bigInt({ min: 0n, max: 1024n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
  const changes = fc.array(fc.tuple(fc.nat(127), anyValue), { maxLength: 8 });
  fc.assert(
    fc.property(fc.constantFrom(...builds), changes, fc.nat(1024), (build, changes, length) => {
      const table = tableOf(build);
      const view = new DataView(table.buffer);
      for (const [index, value] of changes) view.setBigUint64(8 * index, value, true);
      try {
        const { threadState, interpreter } = layoutFromDebugOffsets(table.subarray(0, 1024 - (length % 500)));
        for (const value of Object.values({ ...threadState, ...interpreter }))
          expect(Number.isSafeInteger(value)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(LayoutError);
      }
    }),
  );
});
