import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { LiveProcess, ThreadActivity, ThreadState } from "../src/index.js";
import { readPointer } from "../src/memory-reader.js";
import { openProcess } from "../src/open-process.js";
import { DescriptorAllowance } from "../src/platform/linux/descriptor-allowance.js";
import { LinuxThread } from "../src/platform/linux/linux-thread.js";
import { AS_NOBODY, compile, run, start, startPython, until } from "./live-programs.js";
import { runs } from "./look-from.js";

/** Root without the right to read what is not root's. */
const WITHOUT_PTRACE = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"];

/** What a look at a thread says of its state. */
function look(thread: ThreadActivity): ThreadState {
  thread.look();
  return thread.state;
}

function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

describe("the activity of a thread", () => {
  it("is running in a loop, then stopped, then exited, for good", async () => {
    const program = start(["sh", "-c", "while :; do :; done"]);
    using target = openProcess(program.pid);
    using thread = target.thread(program.pid);
    await until(() => look(thread) === "running");
    expect(thread.hasRun).toBe(true);
    program.kill("SIGSTOP");
    await until(() => look(thread) === "stopped");
    program.kill("SIGKILL");
    await until(() => look(thread) === "exited");
    program.wait();
    expect([look(thread), thread.futex()]).toEqual(["exited", 0]);
  });

  it("is waiting for a disk where signals do not interrupt it", async () => {
    const program = start([compile("vfork-parent")]);
    using target = openProcess(program.pid);
    using thread = target.thread(program.pid);
    await until(() => look(thread) === "disk-wait");
  });

  it("is traced while a debugger has it stopped", async () => {
    const { told } = await startPython(`
child = os.fork()
if child == 0:
    ctypes.CDLL(None).ptrace(0, 0, 0, 0)
    os.kill(os.getpid(), signal.SIGINT)
    os._exit(0)
told.append(child)
os.waitpid(child, 0)
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
`);
    const [child = 0] = told;
    using target = openProcess(child);
    using thread = target.thread(child);
    await until(() => look(thread) === "traced");
    process.kill(child, "SIGKILL");
  });

  it("counts time on processors, and time of waiting for one", async () => {
    const program = start(["sh", "-c", "while :; do :; done"]);
    using target = openProcess(program.pid);
    using thread = target.thread(program.pid);
    await until(() => look(thread) === "running" && thread.cpuTime > 20e6);
    expect(thread.queueTime).toBeGreaterThanOrEqual(0);
    const before = thread.cpuTime;
    await until(() => look(thread) === "running" && thread.cpuTime > before + 20e6);
  });

  it("is told of a thread that is no more, or never was", () => {
    using target = openProcess(process.pid);
    using thread = target.thread(1);
    thread.glance();
    expect([thread.state, thread.hasRun, thread.cpuTime, thread.queueTime]).toEqual(["exited", true, -1, -1]);
  });
});

describe("whether a thread has run", () => {
  it("is never denied of one that has, whether it sleeps much or little", async () => {
    const { program, told } = await startPython(`
import random, time
count = ctypes.c_long(0)
told.append(ctypes.addressof(count))
def work():
    while True:
        time.sleep(random.choice([0, 0.0001, 0.001, 0.02]))
        for _ in range(random.choice([1, 10, 1000, 50000])): count.value += 1
threading.Thread(target=work, daemon=True).start()
`);
    const [address = 0] = told;
    using target = openProcess(program.pid);
    const tid = target.threads().find((other) => other !== program.pid) ?? 0;
    using thread = target.thread(tid);
    const count = (): number => readPointer(target.memory, address);
    let [rests, wrong, after] = [0, 0, count()];
    for (let times = 0; times < 200_000 && rests < 20_000; times++) {
      const before = count();
      if (times % 3 === 0) thread.look();
      else thread.glance();
      if (!thread.hasRun) rests += 1;
      if (!thread.hasRun && before !== after) wrong += 1;
      after = count();
    }
    expect({ hasRested: rests > 100, wrong }).toEqual({ hasRested: true, wrong: 0 });
  });

  it("is never denied of one that spins, though its time stands still between ticks of the clock", async () => {
    const program = start(["sh", "-c", "while :; do :; done"]);
    using target = openProcess(program.pid);
    using thread = target.thread(program.pid);
    await until(() => look(thread) === "running");
    let [times, hasRun] = [0, 0];
    for (; times < 20_000; times++) {
      thread.glance();
      if (thread.hasRun) hasRun += 1;
    }
    expect(hasRun).toBe(times);
  });

  it("is denied of one that sleeps, from the third look on", async () => {
    const program = start(["sleep", "600"]);
    using target = openProcess(program.pid);
    await until(() => target.threadState(program.pid) === "sleeping");
    using thread = target.thread(program.pid);
    const seen = [1, 2, 3, 4].map(() => {
      thread.glance();
      return [thread.state, thread.hasRun];
    });
    expect(seen).toEqual([
      ["sleeping", true],
      ["sleeping", true],
      ["sleeping", false],
      ["sleeping", false],
    ]);
  });
});

describe("the futex that a thread waits on", () => {
  const locked = `
lock = ctypes.create_string_buffer(64)
word = (ctypes.addressof(lock) + 63) & ~63
told.append(ctypes.addressof(lock))
told.append(threading.get_native_id())
libc = ctypes.CDLL(None)
def wait(): libc.syscall(202, ctypes.c_void_p(ctypes.addressof(lock)), 128, 0, None, None, 0)
threading.Thread(target=wait, daemon=True).start()
`;

  async function waiting(process: LiveProcess): Promise<ThreadActivity> {
    await until(() => process.threads().length === 2);
    const tid = process.threads().find((other) => other !== process.pid) ?? 0;
    return process.thread(tid);
  }

  it("is the address in its memory, and 0 where it waits otherwise or does not", async () => {
    const { program, told } = await startPython(locked);
    using target = openProcess(program.pid);
    using thread = await waiting(target);
    await until(() => thread.futex() === told[0]);
    using main = target.thread(program.pid);
    expect(main.futex()).toBe(0);
    const loop = start(["sh", "-c", "while :; do :; done"]);
    using looping = openProcess(loop.pid);
    using runner = looping.thread(loop.pid);
    await until(() => runner.futex() === 0);
  });
});

describe("the descriptors of threads", () => {
  const many = "for _ in range(1100): threading.Thread(target=threading.Event().wait, daemon=True).start()\n";

  it("are kept for as many as are allowed, and all threads are told of", async () => {
    const { program } = await startPython(`threading.stack_size(65536)\n${many}`);
    using target = openProcess(program.pid);
    const tids = target.threads();
    expect(tids).toHaveLength(1101);
    const before = openDescriptors();
    const allowance = new DescriptorAllowance(100);
    const threads = tids.map((tid) => new LinuxThread(tid, `/proc/${program.pid}/task/${tid}`, allowance));
    for (let time = 0; time < 2; time++) {
      await until(() => threads.every((thread) => look(thread) === "sleeping"));
      expect([allowance.taken, openDescriptors() - before]).toEqual([100, 100]);
    }
    program.kill("SIGKILL");
    program.wait();
    expect(new Set(threads.map(look))).toEqual(new Set(["exited"]));
    expect([allowance.taken, openDescriptors() - before]).toEqual([0, 0]);
  });

  it("are given back when a thread is closed, once", async () => {
    const program = start(["sleep", "600"]);
    using target = openProcess(program.pid);
    const before = openDescriptors();
    const thread = target.thread(program.pid);
    thread.look();
    expect(openDescriptors() - before).toBe(2);
    thread.close();
    thread.close();
    expect(openDescriptors() - before).toBe(0);
  });
});

describe("the name of a thread", () => {
  it("is what it was given, or that of the program", async () => {
    const { program } = await startPython(`
def work():
    ctypes.CDLL(None).prctl(15, b"a) name\\n", 0, 0, 0)
    threading.Event().wait()
threading.Thread(target=work, daemon=True).start()
`);
    using target = openProcess(program.pid);
    const other = target.threads().find((tid) => tid !== program.pid) ?? 0;
    await until(() => target.threadName(other) === "a) name\n");
    expect([target.threadName(program.pid)?.startsWith("python3"), target.threadName(1)]).toEqual([
      true,
      undefined,
    ]);
  });
});

/** What a process of other rights than ours, started by `starter`, is told of a thread. */
function toldTo(starter: readonly string[], pid: number): unknown {
  const script = `
const { openProcess } = await import(process.argv[1]);
const thread = openProcess(Number(process.argv[2])).thread(Number(process.argv[2]));
thread.look();
console.log(JSON.stringify({ state: thread.state, hasTime: thread.cpuTime > 0, futex: thread.futex() ?? "unknown" }));
`;
  const library = fileURLToPath(new URL("../dist/index.js", import.meta.url));
  const node = [process.execPath, "--input-type=module", "-e", script];
  return JSON.parse(run([...starter, ...node, library, String(pid)]));
}

function sleeps(pid: number): boolean {
  using target = openProcess(pid);
  return target.threadState(pid) === "sleeping";
}

describe("of another user's program", () => {
  const told = { state: "sleeping", hasTime: true };

  it("everything is told to root, and all but the futex to who may not read its memory", async () => {
    const program = start([...AS_NOBODY, "sleep", "600"]);
    await until(() => runs(program.pid, "sleep") && sleeps(program.pid));
    expect(toldTo([], program.pid)).toEqual({ ...told, futex: 0 });
    expect(toldTo(WITHOUT_PTRACE, program.pid)).toEqual({ ...told, futex: "unknown" });
    const own = start(["sleep", "600"]);
    await until(() => runs(own.pid, "sleep") && sleeps(own.pid));
    expect(toldTo(AS_NOBODY, own.pid)).toEqual({ ...told, futex: "unknown" });
  });
});
