import { ScatterRead } from "@pyspy/proc-memory";
import { expect, it } from "vitest";
import { ExecutionMark } from "../../src/python/execution-mark.js";
import { ByteMemory } from "../fixtures/byte-memory.js";
import { FakeProcess } from "../fixtures/fake-process.js";

const START = 0x7ffd_0000_0000;
const END = START + 0x2000;

/** A process whose stack ends with an environment and the path of its program. */
function processWith(environment: string, path: string) {
  const memory = new ByteMemory();
  memory.map(START, END - START);
  const write = (...texts: string[]) => {
    const bytes = Buffer.from(`${texts.join("\0")}\0${"\0".repeat(8)}`);
    memory.write(END - bytes.length, bytes);
  };
  write(environment, path);
  const stack = {
    ...{ start: START, end: END, readable: true, writable: true, executable: false, shared: false },
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
    const mark = new ExecutionMark(process);
    expect(look(mark)).toBe(true);
    write("x".repeat(environment.length), path);
    expect(look(mark)).toBe(true);
  },
);

it("a program is another one when its path is, or when its stack is elsewhere", () => {
  const { memory, process, write, look } = processWith("A=1", "/usr/bin/python3.11");
  const mark = new ExecutionMark(process);
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
  expect(look(new ExecutionMark(process))).toBe(true);
});
