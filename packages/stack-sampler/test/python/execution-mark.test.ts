import { ScatterRead } from "@pyspy/proc-memory";
import { expect, it } from "vitest";
import { ExecutionMark } from "../../src/python/execution-mark.js";
import { ByteMemory } from "../fixtures/byte-memory.js";
import { FakeProcess } from "../fixtures/fake-process.js";

const RANDOM_END = 0x7ffd_0000_2000;
const FIXED_END = 0x7fff_ffff_f000;
const FIXED_VARIABLES = 0x95_0000;
const RANDOM_VARIABLES = 0x55d4_1234_5000;

/** A process whose stack ends with an environment and the path of its program. */
function processWith(environment: string, path: string, end = RANDOM_END) {
  const memory = new ByteMemory();
  memory.map(end - 0x2000, 0x2000);
  const write = (...texts: string[]) => {
    const bytes = Buffer.from(`${texts.join("\0")}\0${"\0".repeat(8)}`);
    memory.write(end - bytes.length, bytes);
  };
  write(environment, path);
  const stack = {
    ...{ start: end - 0x2000, end, readable: true, writable: true, executable: false, shared: false },
    ...{ offset: 0, device: "00:00", inode: 0, path: "[stack]", deleted: false },
  };
  const process = new FakeProcess({ memory, maps: [stack] });
  const plan = new ScatterRead(4, 256);
  const look = (mark: ExecutionMark) => {
    plan.clear();
    mark.plan(plan);
    memory.readScatter(plan);
    return mark.holds(plan);
  };
  return { memory, process, write, look };
}

const longPath = `/opt/${"a".repeat(200)}`;

it.each([
  ["PYTHONPATH=/app", "/usr/bin/python3.11"],
  ["A=1", "p"],
  ["A=1", longPath],
])(
  "a program of %s and %s goes on while its path is there, whatever becomes of its environment",
  (environment, path) => {
    const { process, write, look } = processWith(environment, path);
    const mark = new ExecutionMark(process, FIXED_VARIABLES);
    expect(look(mark)).toBe(true);
    write("x".repeat(environment.length), path);
    expect(look(mark)).toBe(true);
  },
);

it("a program is another one when its path is, or when its stack is elsewhere", () => {
  const { memory, process, write, look } = processWith("A=1", "/usr/bin/python3.11");
  const mark = new ExecutionMark(process, FIXED_VARIABLES);
  write("A=1", "/usr/bin/python3.13");
  expect(look(mark)).toBe(false);
  write("A=1", "/usr/bin/python3.11");
  expect(look(mark)).toBe(true);
  memory.unmapAll();
  expect(look(mark)).toBe(false);
});

it("a program whose stack is not shown is believed to go on", () => {
  const { process, look } = processWith("A=1", "/usr/bin/python3.11");
  process.mapped = [];
  expect(look(new ExecutionMark(process, FIXED_VARIABLES))).toBe(true);
});

it.each([
  [RANDOM_END, RANDOM_VARIABLES, 0],
  [RANDOM_END, FIXED_VARIABLES, 1],
  [FIXED_END, RANDOM_VARIABLES, 1],
])("with a stack to %d and variables at %d it takes %d ranges", (end, variables, ranges) => {
  const { process } = processWith("A=1", "/usr/bin/python3.11", end);
  const plan = new ScatterRead(4, 256);
  new ExecutionMark(process, variables).plan(plan);
  expect(plan.rangeCount).toBe(ranges);
});
