import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { anyPython, busy, pyspyPath, Workplace } from "./pyspy-process.js";

const workplace = new Workplace();
const python = anyPython();

/** What every failure must be: sentences on standard error, nothing else written anywhere. */
async function expectFailure(
  argv: readonly string[],
  code: number,
  sentences: readonly RegExp[],
  prefix: readonly string[] = [],
): Promise<void> {
  const files = readdirSync(workplace.folder);
  const words = [...prefix, process.execPath, pyspyPath, ...argv];
  const outcome = await workplace.start(words).outcome;
  const lines = outcome.stderr.split("\n");
  expect(lines.pop()).toBe("");
  expect(lines).toEqual(sentences.map((sentence) => expect.stringMatching(sentence)));
  expect(outcome).toMatchObject({ code, signal: null, stdout: "" });
  expect(readdirSync(workplace.folder)).toEqual(files);
}

/** Runs as somebody who is not root. */
const asNobody =
  process.geteuid?.() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];

test("a pid that does not exist", async () => {
  const gone = workplace.start(["true"]);
  await gone.outcome;
  await expectFailure(["record", "-p", String(gone.pid)], 1, [
    new RegExp(`^pyspy: Cannot .*process ${gone.pid}\\b.*`),
  ]);
});

test("a pid that is a thread's", async () => {
  const program =
    "import threading, time; threading.Thread(target=time.sleep, args=[60], daemon=True).start(); print(); time.sleep(60)";
  const target = workplace.start([...python.command, "-c", program]);
  const threads = () => readdirSync(`/proc/${target.pid}/task`).filter((tid) => tid !== String(target.pid));
  await vi.waitFor(() => expect(threads()).toHaveLength(1), { timeout: 30_000 });
  const [tid = ""] = threads();
  for (const words of [
    ["record"],
    ["record", "--subprocesses"],
    ["dump"],
    ["dump", "--subprocesses"],
    ["doctor"],
  ]) {
    await expectFailure([...words, "--pid", tid], 1, [
      new RegExp(`^pyspy: Cannot open process ${tid}: it is a thread of process ${target.pid}$`),
    ]);
  }
});

test("a pid that is not a Python", async () => {
  const sleep = workplace.start(["sleep", "60"]);
  await expectFailure(["record", "-p", String(sleep.pid)], 1, [
    new RegExp(`^pyspy: Cannot sample process ${sleep.pid}.*: it is not a Python program$`),
  ]);
});

test("a pid of another user", async () => {
  const target = process.geteuid?.() === 0 ? workplace.start(busy(python)) : undefined;
  await target?.moreTicks(1);
  const pid = target?.pid ?? 1;
  await expectFailure(
    ["record", "-o", "/tmp/never.svg", "-p", String(pid)],
    1,
    [
      new RegExp(`^pyspy: Cannot .*process ${pid}\\b`),
      new RegExp(
        `^pyspy: Try it as root: sudo env "PATH=\\$PATH" .*pyspy record -o /tmp/never.svg -p ${pid}$`,
      ),
    ],
    asNobody,
  );
});

test("a program that does not exist", async () => {
  await expectFailure(["record", "--", "no-such-program", "x"], 1, [
    /^pyspy: Cannot start no-such-program: .*/,
  ]);
});

test("a program that is not executable", async () => {
  writeFileSync(join(workplace.folder, "app.py"), "");
  await expectFailure(["record", "--", "./app.py"], 1, [
    /^pyspy: Cannot start \.\/app\.py: .*/,
    /^pyspy: A Python file needs a Python to run it: pyspy record -- python3 \.\/app\.py$/,
  ]);
});

test.each([
  ["true", 0],
  ["false", 1],
])("a program that ends at once: %s", async (program, code) => {
  const messages = [
    /^pyspy: Sampling /,
    /^pyspy: Cannot (sample|open) .*(ended|exited)/,
    /^pyspy: Wrote x\.svg: 0 samples/,
  ];
  writeFileSync(join(workplace.folder, "x.svg"), "older");
  await expectFailure(["record", "-o", "x.svg", "--", program], code, messages);
});

test("a Python that ends at once", async () => {
  const { code, stderr } = await workplace.pyspy(
    "record",
    "-o",
    "x.svg",
    ...python.command,
    "-c",
    "raise SystemExit(3)",
  ).outcome;
  expect(code).toBe(3);
  expect(stderr).toMatch(
    /^pyspy: Sampling .*\npyspy: (Cannot sample|Nothing to show|A sample took|Wrote).*\n(pyspy: Wrote .*\n)?$/,
  );
});

test.each(["0", "-1", "NaN", "1e9"])("a rate of %s", async (rate) => {
  await expectFailure(["record", "-r", rate, "--", ...python.command, "-c", "print('started')"], 2, [
    new RegExp(
      `^pyspy: The rate is a number of samples a second from 1 to 1000000, like 500 or 2k, not "${rate}"$`,
    ),
  ]);
});

test("a folder for the output that does not exist: the program is not even started", async () => {
  const program = [...python.command, "-c", "open('started', 'w')"];
  await expectFailure(["record", "-o", "missing/a.svg", "--", ...program], 1, [
    /^pyspy: Cannot write missing\/a\.svg: the folder missing does not exist$/,
  ]);
});

test("an output that is a folder", async () => {
  mkdirSync(join(workplace.folder, "a.svg"));
  await expectFailure(["record", "-o", "a.svg", "--", "true"], 1, [
    /^pyspy: Cannot write a\.svg: it is a folder$/,
  ]);
});

test("an output that may not be written", async () => {
  chmodSync(workplace.folder, 0o755);
  const folder = join(workplace.folder, "closed");
  mkdirSync(folder);
  writeFileSync(join(folder, "old.svg"), "");
  chmodSync(join(folder, "old.svg"), 0o444);
  chmodSync(folder, 0o555);
  await expectFailure(
    ["record", "-o", "closed/a.svg", "--", "true"],
    1,
    [/^pyspy: Cannot write closed\/a\.svg: the folder closed is not writable$/],
    asNobody,
  );
  await expectFailure(
    ["record", "-o", "closed/old.svg", "--", "true"],
    1,
    [/^pyspy: Cannot write closed\/old\.svg: it is write-protected$/],
    asNobody,
  );
  chmodSync(folder, 0o755);
});

test("a disk that is full: the program keeps its exit code", async () => {
  const { code, stderr } = await workplace.pyspy(
    "record",
    "-o",
    "/dev/full",
    ...busy(python, "--ticks", "5", "--exit", "4"),
  ).outcome;
  expect(stderr).toMatch(/^pyspy: Sampling .*\npyspy: Cannot write \/dev\/full: the disk is full\n$/);
  expect(code).toBe(4);
});

test("nothing to record, or too much", async () => {
  await expectFailure(["record"], 2, [/^pyspy: Nothing to record: .* see pyspy record --help$/]);
  await expectFailure(["record", "-p", "1", "true"], 2, [/^pyspy: Either --pid or a program .*, not both$/]);
});

test("a command and an option that do not exist", async () => {
  await expectFailure(["recrod"], 2, [/^pyspy: Unknown command recrod; did you mean record\?$/]);
  await expectFailure(["record", "--formt", "raw"], 2, [
    /^pyspy: Unknown option --formt; did you mean --format\?$/,
  ]);
});

test("a conversion onto its own input", async () => {
  writeFileSync(join(workplace.folder, "a.pyspy"), "");
  await expectFailure(["convert", "a.pyspy", "-o", "a.pyspy"], 2, [
    /^pyspy: The output would replace the input a\.pyspy: give it another name$/,
  ]);
});

test("nothing at all is answered by the help", async () => {
  const { code, stdout, stderr } = await workplace.pyspy().outcome;
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^Usage: pyspy <command>/);
});

test.each([[["--help"]], [["record", "--help"]], [["help", "record"]]])("%j is no mistake", async (argv) => {
  const { code, stdout, stderr } = await workplace.pyspy(...argv).outcome;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^Usage: pyspy /);
});

test.each(["--version", "-V"])("%s tells the version", async (option) => {
  expect(await workplace.pyspy(option).outcome).toEqual({
    code: 0,
    signal: null,
    stdout: expect.stringMatching(/^pyspy \d+\.\d+\.\d+\S*\n$/),
    stderr: "",
  });
});
