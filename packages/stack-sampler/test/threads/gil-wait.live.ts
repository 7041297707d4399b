import { ABSENT } from "@pyspy/cpython-layouts";
import { type LiveProcess, ScatterRead } from "@pyspy/proc-memory";
import { expect, it } from "vitest";
import { findPythons, type Python } from "../../../../tools/testing/pythons.js";
import { ThreadList } from "../../src/python/thread-list.js";
import { GilWait, requestsGil } from "../../src/threads/gil-wait.js";
import { type LookedInto, lookInto, until } from "../fixtures/looked-into.js";
import { running } from "../fixtures/sampled-pythons.js";

const ROUNDS = 1500;

/** Four threads that want the GIL all the time, and the main one, which waits for another lock. */
const crowd = `
import sys, threading
def work():
    count = 0
    while True: count += 1
for _ in range(4):
    thread = threading.Thread(target=work)
    thread.daemon = True
    thread.start()
sys.stdout.write('go\\n')
sys.stdout.flush()
lock = threading.Lock()
lock.acquire()
lock.acquire()
`;

/** What was seen of the four threads, and how often. */
interface Seen {
  holding: number;
  waiting: number;
  /** Neither, and off the processors. */
  otherwise: number;
  unknown: number;
  /** Of those that wait, how many say so themselves; undefined where they do not tell. */
  requesting: number | undefined;
  mainWaiting: number;
  several: number;
}

async function watch({ process, runtime }: LookedInto): Promise<Seen> {
  const list = new ThreadList(process, runtime);
  const gilWait = new GilWait(process.memory, runtime);
  list.refresh();
  const seen: Seen = {
    holding: 0,
    waiting: 0,
    otherwise: 0,
    unknown: 0,
    requesting: runtime.layout.threadState.gil_requested === ABSENT ? undefined : 0,
    mainWaiting: 0,
    several: 0,
  };
  const [interpreter] = list.interpreters;
  const [main, ...workers] = interpreter?.threads ?? [];
  if (interpreter === undefined || main === undefined) throw new Error("there are no threads");
  const { native_thread_id, gil_requested } = runtime.layout.threadState;
  const tids = native_thread_id < 0 ? byTheirTurn(process, workers.length) : workers.map(({ tid }) => tid);
  const activities = tids.map((tid) => process.thread(tid));
  const mainActivity = process.thread(process.pid);
  // It has to get the GIL once more before it waits for its lock.
  await until(() => mainActivity.futex() !== 0 && gilWait.isWaiting(mainActivity, interpreter.gil) !== true);
  const plan = new ScatterRead(16, 1024);
  for (let round = 0; round < ROUNDS; round++) {
    plan.clear();
    list.plan(plan);
    const states = workers.map(({ threadState }) => plan.add(threadState, Math.max(gil_requested, 0) + 8));
    process.memory.readScatter(plan);
    list.check(plan);
    const { holder } = interpreter;
    if (gilWait.isWaiting(mainActivity, interpreter.gil) === true) seen.mainWaiting += 1;
    if (workers.some(({ threadState }) => threadState === holder)) seen.holding += 1;
    let waiting = 0;
    for (const [index, activity] of activities.entries()) {
      activity.look();
      const isWaiting = gilWait.isWaiting(activity, interpreter.gil);
      if (isWaiting === undefined) seen.unknown += 1;
      else if (isWaiting) waiting += 1;
      else if (activity.state !== "running") seen.otherwise += 1;
      if (isWaiting && requestsGil(runtime.layout, plan.view, states[index] ?? 0))
        seen.requesting = (seen.requesting ?? 0) + 1;
    }
    seen.waiting += waiting;
    if (waiting >= 2) seen.several += 1;
  }
  for (const activity of [mainActivity, ...activities]) activity.close();
  return seen;
}

/** Ids of the threads that are not the main one, where Python does not tell them. */
function byTheirTurn(process: LiveProcess, count: number): readonly number[] {
  return process.threads().slice(1, count + 1);
}

const withGil = findPythons().filter(({ freeThreaded }) => !freeThreaded);
/** Up to 3.6 the locks are variables of the binary, which Debian's does not name. */
const isKnown = ({ version, source }: Python) =>
  (version.major === 3 && version.minor >= 7) || source !== "debian";
/** Up to 3.1 a thread lets go of the GIL for a moment and goes on: there is often no holder, and nobody waits long. */
const hasNewGil = ({ version }: Python) => version.major === 3;
const most = ROUNDS * 0.8;

it.each(withGil.filter((python) => isKnown(python) && hasNewGil(python)))(
  "of four threads of $name that want the GIL one has it, and the others wait for it",
  async (python) => {
    const seen = await watch(await lookInto(running(python, crowd)));
    expect(seen).toMatchObject({ unknown: 0, mainWaiting: 0 });
    expect(seen.holding).toBeGreaterThan(most);
    // On a busy machine those that have been woken wait for a processor instead.
    expect(seen.several).toBeGreaterThan(ROUNDS / 5);
    expect(seen.otherwise).toBeLessThan(seen.waiting / 50);
    if (seen.requesting !== undefined) expect(seen.requesting).toBeGreaterThan(seen.waiting * 0.9);
  },
);

it.each(withGil.filter((python) => isKnown(python) && !hasNewGil(python)))(
  "threads of $name that sleep until they get the GIL are told from one that waits for another lock",
  async (python) => {
    const seen = await watch(await lookInto(running(python, crowd)));
    expect(seen).toMatchObject({ unknown: 0, mainWaiting: 0 });
    expect(seen.waiting).toBeGreaterThan(0);
    expect(seen.otherwise).toBeLessThanOrEqual(seen.waiting / 10);
  },
);

it.each(withGil.filter((python) => !isKnown(python)))(
  "of $name, whose binary names no variables, it is not known who waits for the GIL",
  async (python) => {
    const seen = await watch(await lookInto(running(python, crowd)));
    expect(seen).toMatchObject({ unknown: 4 * ROUNDS, waiting: 0, mainWaiting: 0 });
  },
);
