import { uptime } from "node:os";
import { expect, it } from "vitest";
import type { Discovery } from "../../src/discovery/discovery.js";
import type { PythonRuntime } from "../../src/python/python-runtime.js";
import { attachPatience, waitForPython } from "../../src/worker/python-wait.js";
import { ByteMemory } from "../fixtures/byte-memory.js";
import { FakeProcess } from "../fixtures/fake-process.js";
import { layoutOf } from "../fixtures/synthetic-python.js";

const runtime: PythonRuntime = {
  layout: layoutOf(13),
  interpretersHead: 16,
  gilHolder: 0,
  gilLocks: [],
  collecting: 0,
  image: "/usr/bin/python",
};
const steps: [] = [];
const forever = { absent: Number.POSITIVE_INFINITY, starting: Number.POSITIVE_INFINITY };

/** Waits for a process that shows these, one after the other; the last one stays. */
async function wait(
  discoveries: Discovery[],
  patience = forever,
  process = liveProcess(),
  mayGoOn = () => true,
) {
  const pauses: number[] = [];
  const find = async () =>
    (discoveries.length > 1 ? discoveries.shift() : discoveries[0]) ?? { kind: "absent" as const, steps };
  const found = await waitForPython(process, { find }, patience, (milliseconds) => {
    pauses.push(milliseconds);
    return mayGoOn();
  });
  return { found, pauses };
}

function liveProcess(): FakeProcess {
  return new FakeProcess({ memory: new ByteMemory(), pid: 7, executable: "/bin/sleep" });
}

it("a Python that is there is not waited for", async () => {
  expect(await wait([{ kind: "found", runtimes: [runtime], steps }])).toEqual({
    found: [runtime],
    pauses: [],
  });
});

it("a program is looked at again and again, less and less often, until it shows a Python that is ready", async () => {
  const shell: Discovery[] = new Array(20).fill({ kind: "absent", steps });
  const { found, pauses } = await wait([
    ...shell,
    { kind: "starting", steps },
    { kind: "found", runtimes: [runtime], steps },
  ]);
  expect(found).toEqual([runtime]);
  expect(pauses).toHaveLength(21);
  expect([pauses[0], pauses[1], pauses.at(-1)]).toEqual([0.5, 0.75, 10]);
});

it("what a look has shown that took longer than one waits is looked at again", async () => {
  const looks: Discovery["kind"][] = [];
  const find = async (): Promise<Discovery> => {
    const isFirst = looks.length === 0;
    const end = performance.now() + (isFirst ? 20 : 0);
    while (performance.now() < end);
    looks.push(isFirst ? "absent" : "found");
    return isFirst ? { kind: "absent", steps } : { kind: "found", runtimes: [runtime], steps };
  };
  const patience = { absent: 10, starting: 0 };
  expect(await waitForPython(liveProcess(), { find }, patience, () => true)).toEqual([runtime]);
});

it("nothing is found when the process ends, or is to be let go", async () => {
  const process = liveProcess();
  process.alive = false;
  expect((await wait([{ kind: "absent", steps }], forever, process)).found).toBeUndefined();
  expect(await wait([{ kind: "starting", steps }], forever, liveProcess(), () => false)).toEqual({
    found: undefined,
    pauses: [0.5],
  });
});

it.each<[Discovery, object]>([
  [
    { kind: "absent", steps },
    { code: "not-python", message: "Cannot sample process 7 (/bin/sleep): it is not a Python program" },
  ],
  [
    { kind: "starting", steps },
    {
      code: "not-started",
      message: "Cannot sample process 7 (/bin/sleep): its Python has not started yet",
    },
  ],
  [
    { kind: "finalized", steps },
    { code: "finalized", message: "Cannot sample process 7 (/bin/sleep): its Python has been finalized" },
  ],
  [
    { kind: "denied", steps },
    {
      code: "permission-denied",
      message: "Cannot sample process 7 (/bin/sleep): this user may not read its memory",
    },
  ],
  [
    { kind: "unsupported", reason: "it is from the future", cause: "a table", steps },
    {
      code: "unsupported-python",
      message: "Cannot sample process 7 (/bin/sleep): it is from the future",
      cause: "a table",
    },
  ],
])("a process that shows %o without patience is an error that says so", async (discovery, expected) => {
  await expect(wait([discovery], { absent: 0, starting: 0 })).rejects.toThrow(
    expect.objectContaining({ name: "SamplerError", pid: 7, executable: "/bin/sleep", ...expected }),
  );
});

it("a process that is attached to may be about to execute a Python, unless it has run for long", () => {
  const ticksAfterBoot = (age: number) => ({ startTime: Math.round((uptime() - age) * 100) });
  const limits = { startTimeout: 5 };
  expect(attachPatience(ticksAfterBoot(1), limits)).toEqual({ absent: 40, starting: 5000 });
  expect(attachPatience(ticksAfterBoot(1), { ...limits, duration: 0.01 })).toEqual({
    absent: 10,
    starting: 10,
  });
  expect(attachPatience(ticksAfterBoot(20), limits)).toEqual({ absent: 0, starting: 5000 });
});
