import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openProcess, readFamily } from "../src/open-process.js";
import type { Pid } from "../src/process-view.js";
import { start, startPython, startPythonAs, until } from "./live-programs.js";

const IN_PID_NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** Every thread is called by its own id. On SIGUSR1 there is one more, and its id is the new name of the first. */
const THREADS = `
libc = ctypes.CDLL(None)
def rename(name): libc.prctl(15, str(name).encode(), 0, 0, 0)
def work(started):
    rename(threading.get_native_id())
    started.set()
    threading.Event().wait()
def begin():
    started = threading.Event()
    thread = threading.Thread(target=work, args=(started,), daemon=True)
    thread.start()
    started.wait()
    return thread.native_id
def one_more(*_):
    rename(begin())
    threading.Event().wait()
rename(os.getpid())
told += [os.getpid()] + [begin() for _ in range(5)]
signal.signal(signal.SIGUSR1, one_more)
`;

/** The innermost of the processes that a process has started, one by one. */
function lastDescendant(pid: Pid): Pid {
  const child = readFamily().find(({ parent }) => parent === pid);
  return child === undefined ? pid : lastDescendant(child.pid);
}

function nameOf(pid: Pid, tid: number | undefined): string {
  return readFileSync(`/proc/${pid}/task/${tid}/comm`, "utf8").trim();
}

describe("the id of a thread, as seen from here", () => {
  it.each([1, 2])("is found by what it calls itself %d pid namespaces further in", async (depth) => {
    const starter = Array.from({ length: depth }, () => IN_PID_NAMESPACE).flat();
    const { program, told } = await startPythonAs(starter, THREADS);
    const pid = lastDescendant(program.pid);
    using target = openProcess(pid);
    expect(told).toHaveLength(6);
    expect(told[0]).toBe(1);
    expect(target.namespacePids).toHaveLength(depth + 1);
    expect([target.namespacePids[0], target.namespacePids.at(-1)]).toEqual([pid, 1]);
    for (const inner of told) expect(nameOf(pid, target.hostThreadId(inner))).toBe(String(inner));
    expect(target.hostThreadId(1)).toBe(pid);
    expect(target.hostThreadId(pid)).toBeUndefined();

    process.kill(pid, "SIGUSR1");
    await until(() => nameOf(pid, pid) !== "1");
    const added = nameOf(pid, pid);
    expect(told).not.toContain(Number(added));
    expect(nameOf(pid, target.hostThreadId(Number(added)))).toBe(added);

    process.kill(pid, "SIGKILL");
    await until(() => !target.isAlive());
    await until(() => target.hostThreadId(1) === undefined);
  });

  it("is what it calls itself in the same namespace", async () => {
    const { program, told } = await startPython(THREADS);
    using target = openProcess(program.pid);
    expect(target.namespacePids).toEqual([program.pid]);
    for (const tid of told) expect(target.hostThreadId(tid)).toBe(tid);
  });

  it("is the process's own when the process is gone before it was asked for", () => {
    const program = start(["sleep", "600"]);
    using target = openProcess(program.pid);
    program.kill("SIGKILL");
    program.wait();
    expect([target.namespacePids, target.hostThreadId(5)]).toEqual([[program.pid], 5]);
  });
});
