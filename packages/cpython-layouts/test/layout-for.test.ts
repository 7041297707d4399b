import { describe, expect, test } from "vitest";
import { ABSENT, type Layout, LayoutError, layoutFor, parseVersionText } from "../src/index.js";

function of(text: string, build = {}): Layout {
  const version = parseVersionText(`${text} (default)`);
  if (version === undefined) throw new Error(`${text} is no version`);
  return layoutFor(version, build);
}

/** The way from the runtime to a line, as it was compiled from each version's headers. */
const chains: readonly [string, readonly number[]][] = [
  // interpreters_head, threads_head, interp, frame | cframe, current_frame | f_back, f_code, f_lasti
  ["2.3.7", [ABSENT, 8, 8, 16, ABSENT, ABSENT, 24, 32, 120, 80, 88, 96, 104]],
  ["2.7.18", [ABSENT, 8, 8, 16, ABSENT, ABSENT, 24, 32, 120, 80, 88, 96, 104]],
  ["3.3.7", [ABSENT, 8, 8, 16, ABSENT, ABSENT, 24, 32, 120, 96, 104, 112, 120]],
  ["3.5.2", [ABSENT, 8, 16, 24, ABSENT, ABSENT, 24, 32, 120, 96, 104, 112, 120]],
  ["3.6.15", [ABSENT, 8, 16, 24, ABSENT, ABSENT, 24, 32, 120, 96, 104, 36, 112]],
  ["3.7.16", [24, 8, 16, 24, ABSENT, ABSENT, 24, 32, 104, 96, 104, 36, 112]],
  ["3.8.18", [32, 8, 16, 24, ABSENT, ABSENT, 24, 32, 104, 104, 112, 40, 120]],
  ["3.9.18", [32, 8, 16, 24, ABSENT, ABSENT, 24, 32, 104, 104, 112, 40, 120]],
  ["3.10.13", [32, 8, 16, 24, ABSENT, ABSENT, 24, 32, 96, 104, 112, 40, 120]],
  ["3.11.7", [40, 16, 16, ABSENT, 56, ABSENT, 48, 32, 56, 112, 120, 72, 136]],
  ["3.12.1", [40, 72, 16, ABSENT, 56, ABSENT, 8, 0, 56, 112, 120, 68, 136]],
  ["3.13.0", [632, 7344, 16, ABSENT, ABSENT, 72, 8, 0, 56, 112, 120, 68, 136]],
  ["3.15.2", [936, 7336, 16, ABSENT, ABSENT, 72, 8, 0, 56, 112, 120, 68, 136]],
];

describe("the layout of", () => {
  test.each(chains)("%s leads from the runtime to a line", (text, chain) => {
    const { runtime, interpreter, threadState, frame, code } = of(text);
    expect([
      runtime.interpreters_head,
      interpreter.threads_head,
      threadState.interp,
      threadState.frame,
      threadState.cframe,
      threadState.current_frame,
      frame.previous,
      frame.executable,
      frame.instruction,
      code.co_filename,
      code.co_name,
      code.co_firstlineno,
      code.linetable,
    ]).toEqual(chain);
  });

  test.each([
    ["2.7.18", "lasti-bytes", "lnotab-unsigned"],
    ["3.5.10", "lasti-bytes", "lnotab-unsigned"],
    ["3.6.0", "lasti-bytes", "lnotab"],
    ["3.9.18", "lasti-bytes", "lnotab"],
    ["3.10.0", "lasti-units", "linetable"],
    ["3.11.0", "prev_instr", "locations"],
    ["3.12.9", "prev_instr", "locations"],
    ["3.13.0", "instr_ptr", "locations"],
  ])("%s says how to find the line", (text, instructionKind, lineTableKind) => {
    expect(of(text).frame.instructionKind).toBe(instructionKind);
    expect(of(text).code.lineTableKind).toBe(lineTableKind);
  });

  test.each([
    ["3.7.3", 1392],
    ["3.7.4", 1480],
    ["3.8.0", 1368],
    ["3.9.2", 568],
    ["3.10.13", 568],
    ["3.11.2", 576],
    ["3.12.0", ABSENT],
  ])("%s has the holder of the GIL at %i", (text, offset) => {
    expect(of(text).runtime.tstate_current).toBe(offset);
  });

  test("3.14.0 to 3.14.4 has the smaller state of the collector", () => {
    expect(of("3.14.4").interpreter).toMatchObject({ imports_modules: 7664, code_object_generation: 7968 });
    expect(of("3.14.5").interpreter).toMatchObject({ imports_modules: 7688, code_object_generation: 7992 });
  });

  test("a free-threaded build has larger objects and its own copies of bytecode", () => {
    const { object, code, frame, gil, interpreter } = of("3.14.10", { freeThreaded: true });
    expect(object).toEqual({ size: 32, ob_type: 24, ob_size: 32, ob_size_width: 8 });
    expect([code.co_tlbc, frame.tlbc_index, interpreter.tlbc_generation, gil.enabled]).toEqual([
      224, 72, 17300, 0,
    ]);
    expect(of("3.13.5", { freeThreaded: true }).code.co_tlbc).toBe(ABSENT);
  });

  test("every version has the same shape", () => {
    const shape = (layout: Layout) =>
      Object.entries(layout).map(([group, fields]) => [
        group,
        typeof fields === "object" ? Object.keys(fields) : "",
      ]);
    const versions = [
      "2.3.7",
      "2.7.18",
      "3.3.0",
      "3.6.15",
      "3.10.13",
      "3.11.7",
      "3.12.1",
      "3.13.0",
      "3.15.2",
    ];
    for (const text of versions)
      expect(shape(of(text))).toEqual(shape(of("3.14.10", { freeThreaded: true })));
  });
});

describe("what was not run is not verified:", () => {
  test.each([
    ["2.7.18", true],
    ["2.6.9", false],
    ["3.5.10", false],
    ["3.12.1", true],
    ["3.12.0rc2", false],
    ["3.14.10", false],
  ])("%s: %s", (text, verified) => {
    expect(of(text).verified).toBe(verified);
  });
});

describe("there is no layout for", () => {
  test.each([
    [
      "3.1.4",
      "Cannot lay out CPython 3.1.4: 3.0, 3.1 and 3.2 are not known here, only 2.3 to 2.7 and 3.3 and later",
    ],
    ["2.2.3", "Cannot lay out CPython 2.2.3: the oldest Python known here is 2.3"],
    [
      "3.16.0a1",
      "Cannot lay out CPython 3.16.0a1: only its own `_Py_DebugOffsets` can tell how this build is laid out",
    ],
  ])("%s", (text, message) => {
    expect(() => of(text)).toThrow(new LayoutError("unsupported-version", message));
  });

  test.each([
    ["3.12.0", { freeThreaded: true }, "no Python before 3.13 can be built without the GIL"],
    ["3.9.18", { implementation: "PyPy 7.3.15" }, "only CPython is known here"],
    [
      "3.5.10",
      { architecture: "ia32" },
      "of 32-bit builds only 2.7 and 3.6 to 3.12 for Linux are known here",
    ],
    ["3.11.7", { architecture: "ia32", platform: "win32" }, "for Linux are known here"],
    ["3.13.0", { platform: "darwin" }, "only its own `_Py_DebugOffsets` can tell"],
  ] as const)("%s with %o", (text, build, reason) => {
    expect(() => of(text, build)).toThrow(reason);
  });
});

describe("a build that differs from the usual one:", () => {
  test("traced references are two more words in front of every object, and of nothing else", () => {
    const usual = of("3.7.16");
    const debug = of("3.7.16", { debug: true });
    expect(debug.object).toEqual({ ...usual.object, size: 32, ob_type: 24, ob_size: 32 });
    expect(debug.code.co_filename).toBe(usual.code.co_filename + 16);
    expect(debug.frame.previous).toBe(usual.frame.previous + 16);
    expect(debug.unicode.asciiData).toBe(usual.unicode.asciiData + 16);
    expect(debug.dict.ma_keys).toBe(usual.dict.ma_keys + 16);
    expect(debug.cell.ob_ref).toBe(usual.cell.ob_ref + 16);
    expect([debug.threadState, debug.interpreter, debug.runtime, debug.dictKeys]).toEqual([
      usual.threadState,
      usual.interpreter,
      usual.runtime,
      usual.dictKeys,
    ]);
    const traced = of("3.11.7", { traceReferences: true });
    expect(traced.frame).toEqual(of("3.11.7").frame);
    expect(traced.generator.gi_iframe).toBe(96);
    expect([debug.verified, traced.verified]).toEqual([false, false]);
  });

  test("a debug build of 3.8 or later is laid out as any other", () => {
    expect(of("3.9.2", { debug: true })).toEqual(of("3.9.2"));
  });

  test("Python 2 has texts of 2 or 4 bytes a unit", () => {
    expect([of("2.7.18").unicode2.unitSize, of("2.7.18", { unicodeSize: 2 }).unicode2.unitSize]).toEqual([
      4, 2,
    ]);
  });

  test.each([
    ["3.7.3", { architecture: "arm64" }, 1408],
    ["3.7.16", { architecture: "arm64" }, 1496],
    ["3.8.18", { architecture: "arm64" }, 1384],
    ["3.10.13", { architecture: "arm64" }, 584],
    ["3.11.7", { architecture: "arm64" }, 592],
    ["3.7.3", { platform: "darwin" }, 1440],
    ["3.11.7", { platform: "darwin" }, 624],
    ["3.11.7", { platform: "darwin", architecture: "arm64" }, 624],
    ["3.8.18", { platform: "win32" }, 1296],
    ["3.7.16", { platform: "win32" }, ABSENT],
    ["3.9.18", { platform: "freebsd" }, 424],
    ["3.8.18", { architecture: "ia32" }, 788],
    ["3.11.2", { architecture: "ia32" }, 356],
  ] as const)("%s has the holder of the GIL elsewhere with %o: at %i", (text, build, offset) => {
    expect(of(text, build).runtime.tstate_current).toBe(offset);
    expect(of(text, build).verified).toBe(text === "3.11.2");
  });

  test("Windows has thread ids of 4 bytes, and what follows them is nearer", () => {
    const windows = of("3.12.1", { platform: "win32" }).threadState;
    expect(windows).toMatchObject({ thread_id: 136, thread_id_width: 4, native_thread_id: 140 });
    expect(windows).toMatchObject({ datastack_chunk: 224, datastack_top: 232 });
    expect(of("3.12.1").threadState).toMatchObject({ native_thread_id: 144, thread_id_width: 8 });
    expect(of("2.7.18", { platform: "win32" }).bytes.ob_sval).toBe(32);
    expect(of("3.9.18", { platform: "win32" }).bytes.ob_sval).toBe(32);
  });

  test("32 bits halve what is a pointer", () => {
    const layout = of("3.11.2", { architecture: "ia32" });
    expect(layout.pointerSize).toBe(4);
    expect(layout.object).toEqual({ size: 8, ob_type: 4, ob_size: 8, ob_size_width: 4 });
    expect(layout.frame).toMatchObject({ size: 40, executable: 16, previous: 24, instruction: 28 });
    expect(layout.dictKeys).toMatchObject({ dk_log2_size: 4, dk_kind: 6, dk_nentries: 16, header: 20 });
  });
});
