import { layoutFor } from "@pyspy/cpython-layouts";
import { describe, expect, it } from "vitest";
import type { BinaryClues } from "../../src/discovery/binary-clues.js";
import { identifyRuntime } from "../../src/discovery/identify-runtime.js";
import { layoutOf, SyntheticPython } from "../fixtures/synthetic-python.js";

const IMAGE = "/opt/python/bin/python";

interface Facts {
  readonly version?: number;
  readonly variables?: BinaryClues["variables"];
}

/** What is at the runtime of a synthetic Python, whose binary starts at `bias`. */
function identify(python: SyntheticPython, { version, variables = [] }: Facts, bias = 0x5000_0000) {
  const clues: BinaryClues = {
    pointerSize: 8,
    runtime: { method: "symbol", kind: "runtime", place: python.address - bias },
    isPython: true,
    currentThread: undefined,
    interpreterLock: undefined,
    gilLocks: [],
    vainLooks: [],
    collecting: undefined,
    traceReferences: false,
    unicodeSize: 4,
    version: version === undefined ? undefined : version - bias,
    variables: variables.map(({ offset, size }) => ({ offset: offset - bias, size })),
    bias: () => bias,
  };
  return identifyRuntime(python.memory, { path: IMAGE, clues, bias }, python.address);
}

/** A Python with one thread, and `Py_Version`. */
function started(minor: number, hex: number): [SyntheticPython, Facts] {
  const python = new SyntheticPython(layoutOf(minor));
  python.addThread(python.addInterpreter(0));
  const version = python.allocate(8);
  python.memory.writeWord(version, hex);
  return [python, { version }];
}

function textAt(python: SyntheticPython, size: number, at: number, text: string): Facts {
  const offset = python.allocate(size);
  python.memory.write(offset + at, Buffer.from(text));
  return { variables: [{ offset, size }] };
}

describe("a runtime", () => {
  it("is found by Py_Version", () => {
    const [python, facts] = started(11, 0x030b01f0);
    expect(identify(python, facts)).toEqual({
      kind: "found",
      runtime: {
        layout: layoutFor({ major: 3, minor: 11, micro: 1, release: "" }),
        interpretersHead: python.runtime.interpretersHead,
        gilHolder: python.runtime.gilHolder,
        gilLocks: [{ address: python.address + 360, size: 208, isPointer: false }],
        collecting: 0,
        image: IMAGE,
      },
    });
  });

  it.each([0, 5000, (1 << 20) - 4, (1 << 20) + 5, (2 << 20) - 64])(
    "is found by the text of its version, %d bytes into its variables",
    (at) => {
      const python = new SyntheticPython(layoutOf(8));
      python.addThread(python.addInterpreter(0));
      const facts = textAt(python, 2 << 20, at, "3.8.18 (default, Jan  1 2024, 00:00:00) \n[GCC]");
      expect(identify(python, facts)).toMatchObject({
        kind: "found",
        runtime: { layout: { version: { major: 3, minor: 8, micro: 18 } } },
      });
    },
  );

  it("is starting while it has no version", () => {
    const python = new SyntheticPython(layoutOf(8));
    expect(identify(python, {})).toEqual({ kind: "starting" });
    expect(identify(python, textAt(python, 4096, 0, "nothing"))).toEqual({ kind: "starting" });
  });

  it("is starting while it has no interpreter, no thread, or one that belongs elsewhere", () => {
    const python = new SyntheticPython(layoutOf(11));
    const version = python.allocate(8);
    python.memory.writeWord(version, 0x030b01f0);
    expect(identify(python, { version })).toMatchObject({ kind: "starting" });
    const interpreter = python.addInterpreter(0);
    expect(identify(python, { version })).toMatchObject({ kind: "starting" });
    const thread = python.addThread(interpreter);
    const interp = thread.address + python.layout.threadState.interp;
    python.memory.writeWord(interp, 0x10);
    expect(identify(python, { version })).toMatchObject({ kind: "starting" });
    python.memory.writeWord(interp, interpreter);
    expect(identify(python, { version })).toMatchObject({ kind: "found" });
  });

  it("is starting where nothing is mapped yet, and denied where nothing may be read", () => {
    const [python, facts] = started(11, 0x030b01f0);
    python.memory.unmapAll();
    expect(identify(python, facts)).toEqual({ kind: "starting" });
    python.memory.reason = "denied";
    expect(identify(python, facts)).toEqual({ kind: "denied" });
  });

  it("is unsupported when nobody knows its version", () => {
    const [python, facts] = started(11, 0x030200f0);
    expect(identify(python, facts)).toEqual({
      kind: "unsupported",
      reason: expect.stringMatching(/^Cannot lay out CPython 3\.2\.0: /),
      cause: expect.objectContaining({ name: "LayoutError", code: "unsupported-version" }),
    });
  });

  it("is unsupported when what it says of itself does not fit together", () => {
    const [python] = started(13, 0);
    const { memory, address } = python;
    memory.write(address, Buffer.from("xdebugpy"));
    memory.writeWord(address + 8, 0x030d00f0);
    expect(identify(python, {})).toMatchObject({
      kind: "unsupported",
      cause: { name: "LayoutError", code: "debug-offsets-do-not-fit" },
    });
  });
});
