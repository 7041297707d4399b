/** What interpreters count of their code objects, where we say that they keep it. */
import { ABSENT } from "@pyspy/cpython-layouts";
import { openProcess } from "@pyspy/proc-memory";
import { describe, expect, test } from "vitest";
import { findPythons } from "../../../tools/testing/pythons.js";
import { RuntimeFinder } from "../src/discovery/runtime-finder.js";
import type { PythonRuntime } from "../src/python/python-runtime.js";
import { TargetWords } from "../src/python/target-words.js";
import { startTarget } from "./fixtures/live-programs.js";
import { running } from "./fixtures/sampled-pythons.js";

const MADE = 50;
const PROGRAM = `
import sys

print()
for line in sys.stdin:
    for _ in range(${MADE}):
        compile("1", "", "eval")
    print(flush=True)
    for line in sys.stdin:
        pass
`;

const counting = findPythons().filter(({ version }) => version.major === 3 && version.minor >= 13);

describe.each(counting)("CPython $name", (python) => {
  test("changes its count when code objects are made and die", async () => {
    const target = startTarget(running(python, PROGRAM));
    await target.line();
    using process = openProcess(target.pid);
    const found = await new RuntimeFinder(process).find();
    if (found.kind !== "found") throw new Error(`There is no Python: ${found.kind}`);
    const { layout, interpretersHead } = found.runtimes[0] as PythonRuntime;
    const { code_object_generation, func_state_next_version } = layout.interpreter;
    // A build of 3.13 that was not measured has a range for each code object.
    if (code_object_generation === ABSENT && func_state_next_version === ABSENT) return;
    const words = new TargetWords(process.memory, layout.pointerSize);
    const interpreter = words.read(interpretersHead) ?? 0;
    const count = () => {
      const isGeneration = code_object_generation !== ABSENT;
      const bytes = new Uint8Array(isGeneration ? 8 : 4);
      const offset = isGeneration ? code_object_generation : func_state_next_version;
      expect(process.memory.readInto(interpreter + offset, bytes)).toBe(bytes.length);
      return new DataView(bytes.buffer).getUint32(0, true);
    };
    const before = count();
    expect(count()).toBe(before);
    target.write("\n");
    await target.line();
    expect(count() - before).toBeGreaterThanOrEqual(MADE);
    expect(count() - before).toBeLessThan(10 * MADE);
  });
});
