import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pythonWithPackages } from "../../../tools/testing/python-packages.js";
import { anyPython, busy, often, pyspyPath, type TestProcess, Workplace } from "./pyspy-process.js";

const workplace = new Workplace();
const python = anyPython();
const profile = (name = "out.txt"): string => readFileSync(join(workplace.folder, name), "utf8");

/** The processes that stand above stacks with `name`, from the root down. */
function processesAbove(name: string, text: string): string[] {
  const lines = text.split("\n").filter((line) => line.includes(`;${name} (`));
  const chains = lines.map((line) => (line.match(/process \d+(?=:")/g) ?? []).join(" > "));
  return [...new Set(chains)];
}

function processesIn(stacks: string): ReadonlySet<string> {
  return new Set(stacks.match(/process \d+(?=:")/g));
}

/** Tells a program that waits for it to end. */
function letEnd(): void {
  writeFileSync(join(workplace.folder, "end"), "");
}

function script(text: string): string {
  const path = join(workplace.folder, "program.py");
  writeFileSync(path, text);
  return path;
}

const FORKS = `
import os, sys, time
def child_work(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
`;

test("processes are frames above the stacks of a tree", async () => {
  const path = script(`${FORKS}
for _ in range(3):
    if os.fork() == 0:
        while not os.path.exists("end"):
            child_work(0.05)
        os._exit(0)
for _ in range(3):
    os.wait()
`);
  const pyspy = workplace.pyspy("record", "-s", "-f", "raw", "-o", "out.txt", ...python.command, path);
  await pyspy.untilRecorded((stacks) => processesAbove("child_work", stacks).length === 3);
  letEnd();
  expect(await pyspy.outcome).toMatchObject({ code: 0 });
  const chains = processesAbove("child_work", profile());
  expect(chains).toHaveLength(3);
  for (const chain of chains) expect(chain).toMatch(/^process \d+ > process \d+$/);
  expect(new Set(chains.map((chain) => chain.split(" > ")[0])).size).toBe(1);
});

test("what is no Python is told at the end, by name", async () => {
  const path = script(`
import subprocess
for sleep in [subprocess.Popen(["sleep", "3"]) for _ in range(3)]:
    sleep.wait()
`);
  const { stderr } = await workplace.pyspy("record", "-is", "-o", "-", "-f", "raw", ...python.command, path)
    .outcome;
  expect(stderr).toMatch(/^pyspy: 3 processes without Python: sleep \(3\)$/m);
});

test("two hundred children at once need no more descriptors than there may be", async () => {
  const path = script(`${FORKS}
children = []
for _ in range(200):
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
        os._exit(0)
    children.append(pid)
while not os.path.exists("end"):
    time.sleep(0.05)
for pid in children:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
`);
  const limited = ["prlimit", "--nofile=256", process.execPath, pyspyPath];
  const options = ["record", "-is", "-f", "raw", "-o", "out.txt", "-r", "20"];
  const pyspy = workplace.start([...limited, ...options, ...python.command, path]);
  await pyspy.untilRecorded((stacks) => processesIn(stacks).size === 201);
  letEnd();
  const { code, stderr } = await pyspy.outcome;
  expect(stderr).not.toContain("This is a bug");
  expect(code).toBe(0);
  expect(processesIn(profile()).size).toBe(201);
});

describe("several processes", () => {
  async function startBusy(...words: string[]): Promise<TestProcess> {
    const target = workplace.start(busy(python, ...words));
    await target.moreTicks(1);
    return target;
  }

  test("are recorded as one profile", async () => {
    const targets = [await startBusy(), await startBusy()];
    const pids = targets.flatMap(({ pid }) => ["-p", String(pid)]);
    const { code } = await workplace.pyspy("record", ...often, "-f", "raw", "-o", "out.txt", ...pids).outcome;
    expect(code).toBe(0);
    expect(processesAbove("work", profile()).sort()).toEqual(
      targets.map(({ pid }) => `process ${pid}`).sort(),
    );
  });

  test("are found by their command lines", async () => {
    const mark = `ticks=${process.pid}`;
    const targets = [await startBusy("--until", mark), await startBusy("--until", mark)];
    await startBusy();
    const options = [...often, "-f", "raw", "-o", "out.txt", "--match", `--until ${mark}`];
    const { code } = await workplace.pyspy("record", ...options).outcome;
    expect(code).toBe(0);
    expect(processesAbove("work", profile()).sort()).toEqual(
      targets.map(({ pid }) => `process ${pid}`).sort(),
    );
  });
});

test("the workers of a pre-fork server are sampled, also those that replace others", async () => {
  const { python: server, folder } = pythonWithPackages(11, ["gunicorn"]);
  script("");
  writeFileSync(
    join(workplace.folder, "web.py"),
    `${FORKS}
import threading
def serve():
    while True:
        child_work(0.5)
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]
`,
  );
  writeFileSync(
    join(workplace.folder, "config.py"),
    `import os, threading
bind = "unix:" + os.path.join(${JSON.stringify(workplace.folder)}, "socket")
workers = 2
def post_worker_init(worker):
    import web
    with open(os.path.join(${JSON.stringify(workplace.folder)}, "workers"), "a") as file:
        file.write("%d\\n" % os.getpid())
    threading.Thread(target=web.serve, daemon=True).start()
`,
  );
  const workers = (): string[] => {
    try {
      return profile("workers").trim().split("\n");
    } catch {
      return [];
    }
  };
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const pyspy = workplace.start(
    [process.execPath, pyspyPath, "record", "-s", "-f", "raw", "-o", "out.txt", "-r", "50"].concat([
      server.executable,
      "-m",
      "gunicorn",
      "-c",
      "config.py",
      "web:app",
    ]),
    { environment: { PYTHONPATH: folder } },
  );
  await until(() => workers().length === 2);
  const [first = "", second = ""] = workers();
  process.kill(Number(first), "SIGTERM");
  await until(() => workers().length === 3);
  const last = [second, workers()[2]];
  const sampled = (stacks: string): string[] =>
    processesAbove("child_work", stacks).map((chain) => chain.split(" > ").at(-1) ?? "");
  await pyspy.untilRecorded((stacks) => last.every((pid) => sampled(stacks).includes(`process ${pid}`)));
  process.kill(pyspy.pid, "SIGTERM");
  const { stderr } = await pyspy.outcome;
  expect(stderr).toContain("Wrote out.txt");
  expect(sampled(profile())).toEqual(expect.arrayContaining(last.map((pid) => `process ${pid}`)));
});
