import type { Layout } from "@pyspy/cpython-layouts";
import { type Address, ScatterRead } from "@pyspy/proc-memory";
import { describe, expect, it } from "vitest";
import { BatchBuilder } from "../../src/intern/batch-builder.js";
import { CodeCache, HIDDEN } from "../../src/python/code-cache.js";
import type { FunctionRecord } from "../../src/sample-batch.js";
import { eras, layoutOf, SyntheticPython } from "../fixtures/synthetic-python.js";

class Cached {
  readonly python: SyntheticPython;
  readonly builder = new BatchBuilder();
  readonly cache: CodeCache;
  readonly interpreter: Address;
  readonly #plan = new ScatterRead(8, 1024);
  readonly #functions: FunctionRecord[] = [];
  readonly #frames: number[][] = [];

  constructor(layout: Layout = layoutOf(13)) {
    this.python = new SyntheticPython(layout);
    this.interpreter = this.python.addInterpreter(0);
    this.cache = new CodeCache(this.python.memory, layout, this.builder);
  }

  /** Reads what tells whether the code objects are what they were; how many parts that has. */
  read(): number {
    this.#plan.clear();
    this.cache.plan(this.#plan, [{ address: this.interpreter }]);
    this.python.memory.readScatter(this.#plan);
    this.cache.check(this.#plan);
    return this.#plan.rangeCount;
  }

  /** The function in which a code object is now, and the place: [name, line, column, endLine, endColumn]. */
  look(code: number, instruction = 0): [FunctionRecord | undefined, number[] | undefined] {
    this.read();
    const frame = this.cache.frame(code, instruction);
    const { functions, frames } = this.builder.take();
    this.#functions.push(...functions);
    for (const [index, of] of frames.function.entries()) {
      const place = [frames.line, frames.column, frames.endLine, frames.endColumn];
      this.#frames.push([of, ...place.map((column) => column[index] ?? 0)]);
    }
    const [of = -1, ...place] = this.#frames[frame] ?? [];
    return [this.#functions[of], place];
  }

  name(code: number): string | undefined {
    return this.look(code)[0]?.name;
  }
}

describe.each(eras)("a code object with $era", ({ layout }) => {
  it("is described once", () => {
    const cached = new Cached(layout);
    const code = cached.python.addCode({
      name: "work",
      qualname: "Job.work",
      file: "/srv/job.py",
      firstLine: 12,
    });
    const hasQualname = layout.code.co_qualname >= 0;
    expect(cached.look(code)).toEqual([
      {
        name: "work",
        qualname: hasQualname ? "Job.work" : "work",
        file: "/srv/job.py",
        module: "",
        firstLine: 12,
        kind: "python",
      },
      [12, 0, 0, 0],
    ]);
    cached.cache.frame(code, 0);
    const { functions, frames } = cached.builder.take();
    expect([functions.length, frames.line.length]).toEqual([0, 0]);
  });

  it("has its new name when another one is at its address", () => {
    const cached = new Cached(layout);
    const code = cached.python.addCode({ name: "old" });
    expect(cached.name(code)).toBe("old");
    cached.python.putCode(code, { name: "new" });
    expect(cached.name(code)).toBe("new");
  });

  it("has its new name when that is where the old one was", () => {
    const cached = new Cached(layout);
    const code = cached.python.addCode({ name: "old" });
    const names = [layout.code.co_name, layout.code.co_qualname].filter((offset) => offset >= 0);
    expect(cached.name(code)).toBe("old");
    for (const offset of names) {
      const text = cached.python.word(code + offset);
      cached.python.memory.write(text + layout.unicode.asciiData, Buffer.from("new"));
      // Its hash is that of another text.
      cached.python.memory.writeWord(text + layout.unicode.length + layout.pointerSize, 0x1234);
    }
    expect(cached.name(code)).toBe("new");
  });

  it("is <unreadable> when its name cannot be read", () => {
    const cached = new Cached(layout);
    const code = cached.python.addCode({ name: "lost", file: "a.py", firstLine: 3 });
    cached.python.memory.writeWord(code + layout.code.co_name, 0x10);
    expect(cached.look(code)[0]).toMatchObject({ name: "<unreadable>", file: "a.py", firstLine: 3 });
  });

  it("is <unreadable> when what is there is no code object, or nothing", () => {
    const cached = new Cached(layout);
    const code = cached.python.addCode({ name: "f" });
    const { ob_type } = layout.object;
    cached.python.memory.writeWord(code + ob_type, cached.python.word(cached.python.addText("") + ob_type));
    expect(cached.name(code)).toBe("<unreadable>");
    expect(cached.look(0x10)).toEqual([
      expect.objectContaining({ name: "<unreadable>", file: "", firstLine: 0 }),
      [0, 0, 0, 0],
    ]);
  });

  it("has the name of what is there now when it could not be read before", () => {
    const cached = new Cached(layout);
    const code = cached.python.allocate(512);
    expect(cached.name(code)).toBe("<unreadable>");
    cached.python.putCode(code, { name: "late" });
    expect(cached.name(code)).toBe("late");
  });

  it("is the same function as one that says the same of itself", () => {
    const cached = new Cached(layout);
    const twin = { name: "f", file: "a.py", firstLine: 3 };
    cached.look(cached.python.addCode(twin));
    cached.cache.frame(cached.python.addCode(twin), 0);
    cached.cache.frame(cached.python.addCode({ ...twin, firstLine: 4 }), 0);
    expect(cached.builder.take().functions.map(({ firstLine }) => firstLine)).toEqual([4]);
  });

  it("has names beyond ASCII", () => {
    const cached = new Cached(layout);
    expect(cached.name(cached.python.addCode({ name: "größe", file: "é.py" }))).toBe("größe");
  });

  it("has names that are longer than one read", () => {
    const cached = new Cached(layout);
    const name = "x".repeat(5000);
    expect(cached.name(cached.python.addCode({ name }))).toBe(name);
  });

  it("is nobody's when the interpreter made it for its own use", () => {
    const cached = new Cached(layout);
    const shim = cached.python.addCode({ name: "<interpreter trampoline>", file: "<shim>" });
    const init = cached.python.addCode({ name: "__init__", file: "__init__" });
    expect([cached.cache.frame(shim, 0), cached.cache.frame(init, 0)]).toEqual([HIDDEN, HIDDEN]);
    expect(cached.builder.take().functions).toEqual([]);
  });
});

it.each([
  [8, [2, 3], 2, [13, 0, 0, 0]],
  [10, [2, 0, 4, 3], 1, [13, 0, 0, 0]],
  // One unit on the first line, then one on the line below it, columns 4 to 9.
  [12, [0x80 | (13 << 3), 0, 0x80 | (11 << 3), 4, 9], 2, [11, 5, 11, 10]],
])("3.%d: an instruction is in the line that the table says", (minor, lineTable, instruction, place) => {
  const layout = layoutOf(minor);
  const cached = new Cached(layout);
  const code = cached.python.addCode({ name: "f", firstLine: 10, lineTable });
  const address = code + layout.code.co_code_adaptive + instruction;
  const field = layout.frame.instructionKind.startsWith("lasti") ? instruction : address;
  expect(cached.look(code, field)[1]).toEqual(place);
});

it("instructions of one place share their frame", () => {
  const cached = new Cached();
  const code = cached.python.addCode({ name: "f" });
  expect(cached.cache.frame(code, code + 300)).toBe(cached.cache.frame(code, code + 302));
});

it("what is known is looked at in one read", () => {
  const cached = new Cached();
  const codes = ["a", "b", "c", "a"].map((name) => cached.python.addCode({ name }));
  for (const code of codes) cached.look(code);
  const { memory } = cached.python;
  const before = memory.reads;
  cached.read();
  for (const code of codes) cached.cache.frame(code, 0);
  expect(memory.reads - before).toBe(1);
});

it("what is new is believed from the next read on", () => {
  const cached = new Cached();
  const code = cached.python.addCode({ name: "new" });
  cached.look(code);
  expect(cached.cache.hasLearnt).toBe(true);
  cached.cache.hasLearnt = false;
  cached.look(code);
  expect(cached.cache.hasLearnt).toBe(false);
});

it("one code object that is gone does not hide the change of another", () => {
  const cached = new Cached();
  const gone = cached.python.addCode({ name: "gone" });
  const replaced = cached.python.addCode({ name: "old" });
  expect([cached.name(gone), cached.name(replaced)]).toEqual(["gone", "old"]);
  cached.python.memory.unmap(gone, 256);
  cached.python.putCode(replaced, { name: "new" });
  expect(cached.name(replaced)).toBe("new");
  const before = cached.python.memory.reads;
  cached.look(replaced);
  expect(cached.python.memory.reads - before).toBe(1);
});

it("what is not used any more is not looked at for ever, and is still known", () => {
  const cached = new Cached();
  const [often = 0, once = 0] = ["often", "once"].map((name) => cached.python.addCode({ name }));
  cached.look(once);
  cached.look(often);
  const both = cached.read();
  for (let read = 0; read < 9000; read++) cached.look(often);
  expect(cached.read()).toBe(both / 2);
  expect(cached.look(once)[0]?.name).toBe("once");
});

const layout13 = layoutOf(13);
const MADE = 17_000;

describe.each([
  {
    counted: "made (3.13)",
    layout: { ...layout13, interpreter: { ...layout13.interpreter, func_state_next_version: MADE } },
    offset: MADE,
  },
  {
    counted: "that have died (3.14)",
    layout: layoutOf(14),
    offset: layoutOf(14).interpreter.code_object_generation,
  },
])("code objects of an interpreter that counts those $counted", ({ layout, offset }) => {
  const enough = 600;

  function calm(): { readonly cached: Cached; readonly code: Address } {
    const cached = new Cached(layout);
    count(cached);
    const code = cached.python.addCode({ name: "old" });
    for (let read = 0; read < enough; read++) cached.look(code);
    return { cached, code };
  }

  function count({ python, interpreter }: Cached): void {
    python.memory.writeWord(interpreter + offset, python.word(interpreter + offset) + 1);
  }

  it("are not looked at while none is counted, however many they are", () => {
    const { cached, code } = calm();
    for (const name of ["a", "b", "c"]) cached.look(cached.python.addCode({ name }));
    expect(cached.read()).toBe(1);
    const before = cached.python.memory.reads;
    expect(cached.name(code)).toBe("old");
    expect(cached.python.memory.reads - before).toBe(1);
  });

  it("are looked at when one is counted, in that sample and in those after it", () => {
    const { cached, code } = calm();
    const { epoch } = cached.cache;
    cached.python.putCode(code, { name: "new" });
    count(cached);
    expect(cached.name(code)).toBe("new");
    expect(cached.cache.epoch).toBeGreaterThan(epoch);
    expect(cached.read()).toBeGreaterThan(1);
    for (let read = 0; read < enough; read++) cached.look(code);
    expect(cached.read()).toBe(1);
  });

  it("are believed from the next read on when they are new", () => {
    const { cached } = calm();
    const code = cached.python.addCode({ name: "late" });
    cached.cache.hasLearnt = false;
    cached.look(code);
    expect(cached.cache.hasLearnt).toBe(true);
    cached.cache.hasLearnt = false;
    cached.look(code);
    expect(cached.cache.hasLearnt).toBe(false);
  });
});

it("code objects are looked at in every read when all their numbers have been given away (3.13)", () => {
  const layout = { ...layout13, interpreter: { ...layout13.interpreter, func_state_next_version: MADE } };
  const cached = new Cached(layout);
  const code = cached.python.addCode({ name: "f" });
  cached.python.memory.writeWord(cached.interpreter + MADE, 0);
  for (let read = 0; read < 2000; read++) cached.look(code);
  expect(cached.read()).toBeGreaterThan(1);
});
