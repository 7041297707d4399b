import { expect, it } from "vitest";
import type { Discovery } from "../../src/discovery/identify-runtime.js";
import type { PythonRuntime } from "../../src/python/python-runtime.js";
import { waitForPython } from "../../src/worker/python-wait.js";
import { ByteMemory } from "../fixtures/byte-memory.js";
import { FakeProcess } from "../fixtures/fake-process.js";
import { layoutOf } from "../fixtures/synthetic-python.js";

const runtime: PythonRuntime = { layout: layoutOf(13), address: 16, image: "/usr/bin/python" };
const forever = { absent: Number.POSITIVE_INFINITY, starting: Number.POSITIVE_INFINITY };

/** Waits for a process that shows these, one after the other; the last one stays. */
function wait(discoveries: Discovery[], patience = forever, process = liveProcess(), mayGoOn = () => true) {
  const pauses: number[] = [];
  const find = () =>
    (discoveries.length > 1 ? discoveries.shift() : discoveries[0]) ?? { kind: "absent" as const };
  const found = waitForPython(process, { find }, patience, (milliseconds) => {
    pauses.push(milliseconds);
    return mayGoOn();
  });
  return { found, pauses };
}

function liveProcess(): FakeProcess {
  return new FakeProcess({ memory: new ByteMemory(), pid: 7, executable: "/bin/sleep" });
}

it("a Python that is there is not waited for", () => {
  expect(wait([{ kind: "found", runtime }])).toEqual({ found: runtime, pauses: [] });
});

it("a program is looked at again and again, less and less often, until it shows a Python that is ready", () => {
  const shell: Discovery[] = new Array(20).fill({ kind: "absent" });
  const { found, pauses } = wait([...shell, { kind: "starting" }, { kind: "found", runtime }]);
  expect(found).toBe(runtime);
  expect(pauses).toHaveLength(21);
  expect([pauses[0], pauses[1], pauses.at(-1)]).toEqual([0.5, 0.75, 10]);
});

it("nothing is found when the process ends, or is to be let go", () => {
  const process = liveProcess();
  process.alive = false;
  expect(wait([{ kind: "absent" }], forever, process).found).toBeUndefined();
  expect(wait([{ kind: "starting" }], forever, liveProcess(), () => false)).toEqual({
    found: undefined,
    pauses: [0.5],
  });
});

it.each<[Discovery, object]>([
  [
    { kind: "absent" },
    { code: "not-python", message: "Cannot sample process 7 (/bin/sleep): it is not a Python program" },
  ],
  [
    { kind: "starting" },
    {
      code: "not-started",
      message: "Cannot sample process 7 (/bin/sleep): its Python has not started after 0 s",
    },
  ],
  [
    { kind: "denied" },
    {
      code: "permission-denied",
      message: "Cannot sample process 7 (/bin/sleep): this user may not read its memory",
    },
  ],
  [
    { kind: "unsupported", reason: "it is from the future", cause: "a table" },
    {
      code: "unsupported-python",
      message: "Cannot sample process 7 (/bin/sleep): it is from the future",
      cause: "a table",
    },
  ],
])("a process that shows %o without patience is an error that says so", (discovery, expected) => {
  expect(() => wait([discovery], { absent: 0, starting: 0 })).toThrow(
    expect.objectContaining({ name: "SamplerError", pid: 7, executable: "/bin/sleep", ...expected }),
  );
});
