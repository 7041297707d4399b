import { describe, expect, test } from "vitest";
import { findPythons, type Python } from "../../../tools/testing/pythons.js";
import { attachTo, startTarget } from "./fixtures/live-programs.js";
import { Recording } from "./fixtures/recording.js";
import { running } from "./fixtures/sampled-pythons.js";

/** At each barrier the program tells the lines that it is at, the outermost frame first, and waits. */
const BARRIER = `
import json, os, sys

def barrier():
    frame = sys._getframe(1)
    lines = []
    while frame is not None:
        lines.insert(0, frame.f_lineno)
        frame = frame.f_back
    sys.stdout.write(json.dumps(lines) + "\\n")
    sys.stdout.flush()
    os.read(0, 1)

def run(text, name):
    space = {"barrier": barrier}
    exec(compile(text, "text.py", "exec"), space)
    code = space[name].__code__
    table = code.co_linetable if hasattr(code, "co_linetable") else code.co_lnotab
    sys.stdout.write("%d\\n" % len(table))
    sys.stdout.flush()
    space[name]()
`;

const LONG = `${BARRIER}
lines = ["def long():"] + ["    x = y = 1"] * 45000
for line in (1, 15000, 29999, 44990):
    lines[line] = "    barrier()"
run("\\n".join(lines) + "\\n", "long")
`;

const NORMAL = `${BARRIER}
run('''
def other(*values):
    return barrier()

def normal():
    barrier()
    for number in range(2):
        try:
            if number:
                barrier()
            else:
                raise ValueError(
                    barrier())
        except ValueError:
            barrier()
        finally:
            other(
                number,
                [barrier() for _ in range(1)],
            )
    while True:
        # A long way back.
        x = (1,
             barrier() or
             2)
        break
    (lambda:
        barrier())()
''', "normal")
`;

describe.each(findPythons())("CPython $name", (python) => {
  test("lines of a function of 45,000 are right, with a line table of more than 64 KiB", async () => {
    const { tableLength } = await expectExactLines(python, LONG, 4);
    expect(tableLength).toBeGreaterThan(1 << 16);
  });

  test("lines of all kinds of statements are those that Python tells", async () => {
    await expectExactLines(python, NORMAL, 10);
  });
});

async function expectExactLines(python: Python, program: string, barriers: number) {
  const target = startTarget(running(python, program));
  const tableLength = Number(await target.line());
  for (let barrier = 0; barrier < barriers; barrier++) {
    const lines = JSON.parse(await target.line()) as number[];
    const sampler = await attachTo(target.pid, { rate: 200, idle: true });
    const recording = await Recording.until(sampler, ({ good }) =>
      good.some(({ stack, active }) => !active && stack.at(-1) === "barrier"),
    );
    // At first it may not have got to where it waits.
    const waiting = recording.good.filter(({ stack }) => stack.at(-1) === "barrier").at(-1);
    expect(waiting?.frames.slice(0, -1).map(({ line }) => line)).toEqual(lines);
    target.write("x");
  }
  return { tableLength };
}
