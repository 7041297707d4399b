import { cpSync, mkdirSync, readlinkSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { listProcesses, openProcess } from "@pyspy/proc-memory";
import { afterAll, describe, expect, test } from "vitest";
import { attachTo, startTarget } from "../fixtures/live-programs.js";
import { Recording } from "../fixtures/recording.js";
import { Nobody, root, WORK } from "./fixtures/sampled-from.js";
import { copyPython, prefixOf, pythonOf, pythons, seriesOf } from "./fixtures/situation-pythons.js";
import { run, Workshop } from "./fixtures/workshop.js";

const workshop = new Workshop();
const nobody = new Nobody();
afterAll(() => nobody[Symbol.dispose]());

const IN_PID_NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** Two threads that never end: one works, one sleeps. Each says its name, and the id that it has where it is. */
const THREADS = `
import os, threading

def tell(name):
    os.write(1, ("%s %d\\n" % (name, threading.get_native_id())).encode())

def nap():
    tell("nap")
    threading.Event().wait()

def work():
    tell("work")
    while True:
        pass

threading.Thread(target=nap, daemon=True).start()
work()
`;

describe.each(pythons)("CPython $name", (python) => {
  test.each([root, nobody])(
    "in a mount namespace whose files only it has is sampled by $name",
    async ({ starter, expectSampled }) => {
      const { home, executable, library, environment } = copyPython(workshop, python);
      const hidden = `${home}-hidden`;
      renameSync(home, hidden);
      mkdirSync(home);
      // When it runs, another file system lies over the one that it was started from.
      const script = `mount -t tmpfs -o mode=755 tmpfs ${home} && cp -r ${hidden}/. ${home} && exec "$@"`;
      const mount = `
import os
os.write(1, b"started\\n")
os.read(0, 1)
${WORK}`;
      const settings = library === undefined ? [] : [`LD_LIBRARY_PATH=${dirname(library)}`];
      const target = startTarget(
        [
          ...["unshare", "--mount", "sh", "-c", script, "sh"],
          ...(starter.length > 0 ? starter : ["env"]),
          ...[...settings, executable, "-c", mount],
        ],
        { env: { ...environment, LD_LIBRARY_PATH: undefined } },
      );
      expect(await target.line()).toBe("started");
      const inside = startTarget([
        ...["nsenter", `--mount=/proc/${target.pid}/ns/mnt`],
        ...["mount", "-t", "tmpfs", "tmpfs", home],
      ]);
      expect(await inside.exited).toBe(0);
      target.release();
      expect(await target.line()).toBe("ready");
      await expectSampled(target.pid);
    },
  );

  test("in a pid namespace is sampled, under ids as seen from here", async () => {
    const target = startTarget([...IN_PID_NAMESPACE, ...python.command, "-c", THREADS]);
    const told = new Map(
      [await target.line(), await target.line()].map((line) => line.split(" ") as [string, string]),
    );
    const pid = childOf(target.pid);
    const sampler = await attachTo(pid, { rate: 500, idle: true });
    const recording = await Recording.until(sampler, ({ good }) =>
      ["work", "nap"].every((name) => good.some(({ stack }) => stack.includes(name))),
    );
    using process = openProcess(pid);
    for (const [name, inner] of told) {
      const tids = new Set(
        recording.good.filter(({ stack }) => stack.includes(name)).map(({ thread }) => thread.tid),
      );
      expect(tids).toEqual(new Set([process.hostThreadId(Number(inner))]));
    }
    expect(told.get("work")).toBe("1");
    expect(process.threads()).toEqual(expect.arrayContaining(recording.threads.map(({ tid }) => tid)));
  });
});

/** Debian's, with all libraries they need, run by themselves in a folder that is their root. */
const rooted = [pythonOf("3.13", false), pythonOf("3.15")].filter(({ source }) => source === "debian");

test.each(rooted.map((python) => ({ name: python.name, python })))(
  "CPython $name in a root of its own is sampled",
  async ({ python }) => {
    const folder = workshop.newFolder();
    const prefix = prefixOf(python);
    const name = `python${seriesOf(python)}`;
    for (const [from, to] of [
      [python.executable, join(folder, "usr/bin", name)],
      [join(prefix, "lib/x86_64-linux-gnu"), join(folder, prefix, "lib/x86_64-linux-gnu")],
    ] as const) {
      mkdirSync(dirname(to), { recursive: true });
      cpSync(from, to, { recursive: true, filter: (path) => !/\.a$|gconv|engines/.test(path) });
    }
    cpSync(join(copyPython(workshop, python).home, "lib", name), join(folder, "usr/lib", name), {
      recursive: true,
    });
    for (const { starter, expectSampled } of [root, nobody]) {
      const user = starter.length > 0 ? ["--userspec=65534:65534"] : [];
      const target = startTarget(["chroot", ...user, folder, `/usr/bin/${name}`, "-c", WORK]);
      expect(await target.line()).toBe("ready");
      expect(readlinkSync(`/proc/${target.pid}/root`)).toBe(folder);
      await expectSampled(target.pid);
    }
  },
);

/** Those that were built here, with the libraries of this machine that they need. */
const built = [pythonOf("3.8", true), pythonOf("3.11", false)];

test.each(built.map((python) => ({ name: python.name, python })))(
  "CPython $name in a root of its own, with libraries of this one, is sampled",
  async ({ python }) => {
    const folder = workshop.newFolder();
    const { home, executable, library, environment } = copyPython(workshop, python);
    const setting = library === undefined ? [] : [`LD_LIBRARY_PATH=${dirname(library)}`];
    const needed = run(["env", ...setting, "ldd", executable]).matchAll(/(\/\S+) \(0x/g);
    for (const path of [home, ...[...needed].map(([, file = ""]) => file)]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      cpSync(path, join(folder, path), { recursive: true, dereference: true });
    }
    for (const { starter, expectSampled } of [root, nobody]) {
      const user = starter.length > 0 ? ["--userspec=65534:65534"] : [];
      const target = startTarget(["chroot", ...user, folder, executable, "-c", WORK], {
        env: { ...environment, PYTHONHOME: home },
      });
      expect(await target.line()).toBe("ready");
      expect(readlinkSync(`/proc/${target.pid}/root`)).toBe(folder);
      await expectSampled(target.pid);
    }
  },
);

/** The process that one has started. */
function childOf(pid: number): number {
  const child = listProcesses().find((other) => {
    try {
      using process = openProcess(other);
      return process.parent() === pid;
    } catch {
      return false; // it has ended
    }
  });
  if (child === undefined) throw new Error(`${pid} has not started anything`);
  return child;
}
