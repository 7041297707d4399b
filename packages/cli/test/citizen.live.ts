import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { anyPython, atWork, busy, often, pyspyPath, Workplace } from "./pyspy-process.js";

const workplace = new Workplace();
const python = anyPython();
const record = ["record", "-f", "raw", "-o", "out.txt"] as const;
const profile = (): string => readFileSync(join(workplace.folder, "out.txt"), "utf8");

describe("a program that is over at once", () => {
  test.each([
    ["sh", "-c", "exit 3"],
    [...python.command, "-S", "-c", "raise SystemExit(3)"],
  ])("%s %s %s keeps its exit code, ten times", async (...words) => {
    for (let round = 0; round < 10; round++) {
      const { code, stderr } = await workplace.pyspy(...record, ...words).outcome;
      expect(stderr).not.toContain("This is a bug");
      expect(code).toBe(3);
    }
  });

  test("is a failure of ours only where we are to be strict", async () => {
    expect((await workplace.pyspy(...record, "sh", "-c", "exit 0").outcome).code).toBe(0);
    expect((await workplace.pyspy(...record, "--strict", "sh", "-c", "exit 0").outcome).code).toBe(1);
    expect(readdirSync(workplace.folder)).toEqual(["out.txt"]);
  });
});

describe("a program of which enough was sampled", () => {
  test("is ended where that is wanted, without being a failure", async () => {
    const { code, stdout } = await workplace.pyspy(
      ...record,
      ...often,
      "--kill",
      ...busy(python, "--ticks", "600"),
    ).outcome;
    expect(code).toBe(0);
    expect(stdout.match(/^tick /gm)?.length).toBeLessThan(600);
    expect(profile()).toContain("work (");
  });

  test("goes on alone where that is wanted", async () => {
    const pidFile = join(workplace.folder, "pid");
    const program = `import os, sys; print(os.getpid(), file=open(${JSON.stringify(pidFile)}, "w"), flush=True); exec(open(sys.argv.pop(1)).read())`;
    const [interpreter = "", path = "", ...words] = workplace.busyUntilLet(python);
    const pyspy = workplace.pyspy(
      ...record,
      ...often,
      "--detach",
      interpreter,
      "-c",
      program,
      path,
      ...words,
    );
    // What is left holds the pipes open: it is asked for pyspy's own end.
    const code = await new Promise((resolve) => pyspy.child.once("exit", resolve));
    expect(code).toBe(0);
    const pid = Number(readFileSync(pidFile, "utf8"));
    expect(existsSync(`/proc/${pid}/stat`)).toBe(true);
    await pyspy.moreTicks(2);
    workplace.letEnd();
    await pyspy.outcome;
  });
});

describe("what a program prints", () => {
  test("is not shown where it is captured, unless it fails", async () => {
    const captured = [...record, "--capture"] as const;
    const fine = await workplace.pyspy(...captured, ...busy(python, "--ticks", "6")).outcome;
    expect([fine.code, fine.stdout]).toEqual([0, ""]);
    expect(fine.stderr).not.toMatch(/^tick/m);
    const failed = await workplace.pyspy(...captured, ...busy(python, "--ticks", "6", "--exit", "4")).outcome;
    expect([failed.code, failed.stdout]).toEqual([4, ""]);
    expect(failed.stderr.match(/^tick \d/gm)).toHaveLength(6);
  });
});

test.each(["SIGHUP", "SIGTERM"] as const)(
  "%s to pyspy reaches the program and leaves a profile",
  async (signal) => {
    const pyspy = workplace.pyspy(...record, ...busy(python));
    await pyspy.untilRecorded(atWork);
    process.kill(pyspy.pid, signal);
    expect(await pyspy.outcome).toMatchObject({ code: null, signal });
    expect(profile()).toContain("work (");
  },
);

test("under sudo a program is its caller's, who keeps no way to root, and is sampled nevertheless", async () => {
  chmodSync(workplace.folder, 0o777);
  const program = `
import json, os
def work():
    while not os.path.exists("end"):
        pass
work()
try:
    os.setuid(0)
    way_back = True
except PermissionError:
    way_back = False
print(json.dumps([os.getresuid(), os.getresgid(), os.getgroups(), os.environ["HOME"], os.environ["USER"], way_back]))
`;
  const environment = { SUDO_UID: "65534", SUDO_GID: "65534", SUDO_USER: "nobody" };
  const words = [process.execPath, pyspyPath, ...record, "/usr/bin/python3", "-c", program];
  const pyspy = workplace.start(words, { environment });
  await pyspy.untilRecorded(/;work \(/);
  writeFileSync(join(workplace.folder, "end"), "");
  const { code, stdout, stderr } = await pyspy.outcome;
  expect(code, stderr).toBe(0);
  const nobody = [65534, 65534, 65534];
  expect(JSON.parse(stdout)).toEqual([nobody, nobody, [65534], "/nonexistent", "nobody", false]);
  expect(profile()).toContain("work (");
});
