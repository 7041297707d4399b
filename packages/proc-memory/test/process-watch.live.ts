import { describe, expect, it } from "vitest";
import type { Pid } from "../src/process-view.js";
import { sharesMemory, watchProcesses } from "../src/process-watch.js";
import { start, startPython, until } from "./live-programs.js";

/** A watch that has seen all that was there before. */
function watchFromNow() {
  const watch = watchProcesses();
  const begun = (): Pid[] => [...watch.begun()].map(({ pid }) => pid);
  const first = begun();
  return { first, begun, layoutOf: (pid: Pid) => watch.layoutOf(pid), [Symbol.dispose]: () => watch.close() };
}

describe("a watch", () => {
  it("tells at first what is there, and each process once", async () => {
    const before = start(["sleep", "600"]);
    using watch = watchFromNow();
    expect(watch.first).toEqual(expect.arrayContaining([process.pid, before.pid]));
    const after = start(["sleep", "600"]);
    expect(watch.begun()).toContain(after.pid);
    const others = watch.begun();
    expect(others).not.toContain(before.pid);
    expect(others).not.toContain(after.pid);
  });

  it("tells of processes, not of threads, with who has started them", async () => {
    const watch = watchProcesses();
    for (const _ of watch.begun());
    const { program, told } = await startPython(
      "told.append(os.fork() or signal.pause())\nthreading.Thread(target=signal.sigwait, args=([10],), daemon=True).start()\ntold.append(threading.enumerate()[-1].native_id)",
    );
    const [child = 0, thread = 0] = told;
    const begun = [...watch.begun()];
    watch.close();
    expect(begun).toContainEqual(
      expect.objectContaining({ pid: child, parent: program.pid, group: expect.any(Number), isAlive: true }),
    );
    expect(begun.map(({ pid }) => pid)).not.toContain(thread);
    process.kill(child, "SIGKILL");
  });

  it("tells a fork from another process by where its program lies", async () => {
    using watch = watchFromNow();
    const script = "told.append(os.fork() or signal.pause())";
    const { program, told } = await startPython(script);
    const other = await startPython(script);
    const layout = watch.layoutOf(program.pid);
    expect(layout).toBeDefined();
    expect(watch.layoutOf(told[0] ?? 0)).toBe(layout);
    expect(watch.layoutOf(other.program.pid)).not.toBe(layout);
    expect(watch.layoutOf(2 ** 22 + 1)).toBeUndefined();
    for (const pid of [...told, ...other.told]) process.kill(pid, "SIGKILL");
  });

  it("misses none of hundreds that begin at once", async () => {
    using watch = watchFromNow();
    const script = "for _ in range(200):\n told.append(os.fork())\n if told[-1] == 0: signal.pause()";
    const { told } = await startPython(script);
    try {
      expect(watch.begun()).toEqual(expect.arrayContaining(told));
    } finally {
      for (const pid of told) process.kill(pid, "SIGKILL");
    }
  });

  it("tells of one that has got an id that was used before", async () => {
    using watch = watchFromNow();
    const script = `
def child(pid):
    # As root one may say which id is the next one.
    with open("/proc/sys/kernel/ns_last_pid", "w") as file:
        file.write(str(pid - 1))
    made = os.fork()
    if made == 0:
        signal.pause()
    return made
first = os.fork()
if first == 0:
    os._exit(0)
os.waitpid(first, 0)
told.append(first)
told.append(child(first))
`;
    const { told } = await startPython(script);
    const [first, second] = told;
    try {
      // Others may have been faster; then it is just another process.
      expect(watch.begun()).toContain(second);
      expect(typeof first).toBe("number");
    } finally {
      process.kill(second ?? 0, "SIGKILL");
    }
  });
});

describe("memory", () => {
  it("is shared between a process and what it has started with vfork, and with nobody else", async () => {
    const { program } = await startPython("");
    const other = start(["sleep", "600"]);
    expect(sharesMemory(program.pid, program.pid)).toBe(true);
    expect(sharesMemory(program.pid, other.pid)).toBe(false);
    other.kill("SIGKILL");
    await until(() => other.poll() !== undefined);
    expect(sharesMemory(program.pid, other.pid)).toBe(false);
  });

  it("is shared by a child of vfork until it executes a program", async () => {
    // CLONE_VM | SIGCHLD: a child of its own, in the memory of its parent.
    const script = `
libc = ctypes.CDLL(None)
stack = mmap.mmap(-1, 65536)
top = ctypes.addressof(ctypes.c_char.from_buffer(stack)) + 65536 - 64
told.append(libc.clone(libc.pause, ctypes.c_void_p(top), 0x100 | 17, None))
`;
    const { program, told } = await startPython(script);
    const [child = 0] = told;
    try {
      expect(sharesMemory(program.pid, child)).toBe(true);
    } finally {
      process.kill(child, "SIGKILL");
    }
  });
});
