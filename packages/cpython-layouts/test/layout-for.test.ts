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
      "Cannot lay out CPython 3.16.0a1: it is newer than what is known here, and only its own `_Py_DebugOffsets` can tell",
    ],
  ])("%s", (text, message) => {
    expect(() => of(text)).toThrow(new LayoutError("unsupported-version", message));
  });

  test("a free-threaded build before 3.13", () => {
    expect(() => of("3.12.0", { freeThreaded: true })).toThrow(
      "no Python before 3.13 can be built without the GIL",
    );
  });
});
