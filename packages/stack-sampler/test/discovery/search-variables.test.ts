import type { Address } from "@pyspy/proc-memory";
import { expect, it } from "vitest";
import { scanVariables } from "../../src/discovery/search-variables.js";
import { layoutOf, SyntheticPython } from "../fixtures/synthetic-python.js";

const layout = layoutOf(11);

/** A Python of 3.11 whose variables are `words` of pointers: nothing says where its runtime is. */
function withVariables(pointers: (python: SyntheticPython) => readonly Address[]) {
  const python = new SyntheticPython(layout);
  const version = python.allocate(8);
  python.memory.writeWord(version, 0x030b01f0);
  const values = pointers(python);
  const start = python.allocate(values.length * 8);
  for (const [index, value] of values.entries()) python.memory.writeWord(start + index * 8, value);
  const clues = {
    pointerSize: 8 as const,
    runtime: undefined,
    isPython: true,
    version,
    currentThread: undefined,
    interpreterLock: undefined,
    gilLocks: [],
    vainLooks: [],
    collecting: undefined,
    traceReferences: false,
    unicodeSize: 4 as const,
    variables: [{ offset: start, size: values.length * 8 }],
    bias: () => 0,
  };
  const found = scanVariables(python.memory, { path: "/opt/app", clues, bias: 0 });
  return found && (found.interpretersHead - start) / 8;
}

/** An interpreter with a dictionary of modules and two threads, the newest first. */
function interpreter(python: SyntheticPython) {
  const address = python.addInterpreter(0);
  const dictionary = python.allocate(64);
  const type = python.allocate(256);
  const name = python.allocate(16);
  python.memory.write(name, Buffer.from("dict\0"));
  python.memory.writeWord(type + layout.type.tp_name, name);
  python.memory.writeWord(dictionary + layout.object.ob_type, type);
  python.memory.writeWord(address + layout.interpreter.imports_modules, dictionary);
  const [oldest, newest] = [python.addThread(address).address, python.addThread(address).address];
  return { address, oldest, newest };
}

/** What looks like an interpreter until its lists are followed. */
const lookAlikes: readonly (readonly [
  string,
  (python: SyntheticPython, parts: ReturnType<typeof interpreter>) => void,
])[] = [
  [
    "is followed by no interpreter",
    ({ memory }, { address }) => memory.writeWord(address + layout.interpreter.next, 0x14),
  ],
  [
    "is followed by itself",
    ({ memory }, { address }) => memory.writeWord(address + layout.interpreter.next, address),
  ],
  [
    "has a thread of another one",
    ({ memory }, { oldest }) => memory.writeWord(oldest + layout.threadState.interp, 0x5000),
  ],
  [
    "has a thread that is followed by none",
    ({ memory }, { oldest }) => memory.writeWord(oldest + layout.threadState.next, 0x40),
  ],
  [
    "has threads without end",
    ({ memory }, { oldest, newest }) => memory.writeWord(oldest + layout.threadState.next, newest),
  ],
  [
    "has no modules",
    ({ memory }, { address }) => memory.writeWord(address + layout.interpreter.imports_modules, 0),
  ],
];

it("a variable that leads to an interpreter is the head of the list", () => {
  expect(withVariables((python) => [0, 0x1234, interpreter(python).address])).toBe(2);
  expect(withVariables((python) => [0, 0x1234, python.allocate(4096)])).toBeUndefined();
});

it.each(lookAlikes)("what %s is no interpreter", (_, damage) => {
  expect(
    withVariables((python) => {
      const parts = interpreter(python);
      damage(python, parts);
      // The list of the runtime is not looked at here: each is the only one in its own.
      const real = interpreter(python);
      python.memory.writeWord(real.address + layout.interpreter.next, 0);
      return [parts.address, real.address];
    }),
  ).toBe(1);
});
