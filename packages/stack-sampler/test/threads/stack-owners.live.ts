import { inspect } from "@pyspy/stack-sampler";
import { expect, test } from "vitest";
import { findPythons } from "../../../../tools/testing/pythons.js";
import { startTarget } from "../fixtures/live-programs.js";

const PROGRAM = `
import os, sys, threading
try:
    import _interpreters as interpreters
    run = interpreters.exec
except ImportError:
    import _xxsubinterpreters as interpreters
    run = interpreters.run_string
number = interpreters.create()
code = "import os\\ndef inner():\\n    print('inside', flush=True); os.read(0, 1)\\ninner()"
told = threading.Event()
def runner():
    told.wait()
    run(number, code)
thread = threading.Thread(target=runner, daemon=True)
thread.start()
print(thread.native_id, thread.ident, flush=True)
told.set()
thread.join()
`;

const pythons = findPythons().filter(({ version: { major, minor } }) => major === 3 && minor >= 10);

test.each(pythons)("CPython $name: an interpreter is run by the thread that runs it", async (python) => {
  const target = startTarget([...python.command, "-c", PROGRAM]);
  const [tid, pythonId] = (await target.line()).split(" ").map(Number);
  expect(await target.line()).toBe("inside");
  using inspection = await inspect(target.pid);
  const { threads } = await inspection.look();
  const inside = threads.filter(({ frames }) => frames.some(({ function: { name } }) => name === "inner"));
  expect(inside.map(({ thread }) => [thread.tid, thread.pythonId])).toEqual([[tid, pythonId]]);
  expect(inside[0]?.thread.interpreter).toBeGreaterThan(0);
});
