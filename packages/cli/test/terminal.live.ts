import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { anyPython, atWork, busy, pyspyPath, type TestProcess, Workplace } from "./pyspy-process.js";

const workplace = new Workplace();
const python = anyPython();
const ctrlC = "\x03";
const eraseLine = "\r\x1b[2K";

/** Starts pyspy in a pseudo-terminal; what it shows is the standard output, what it is typed the standard input. */
function pyspyInTerminal(...argv: readonly string[]): TestProcess {
  const line = [process.execPath, pyspyPath, ...argv].map((word) => `'${word}'`).join(" ");
  return workplace.start(
    ["script", "--quiet", "--return", "--flush", "--command", `exec ${line}`, "/dev/null"],
    {
      stdin: "pipe",
    },
  );
}

test("a process shows how its sampling goes, in a line that is gone at the end", async () => {
  const target = workplace.start(busy(python));
  await target.moreTicks(1);
  const { code, stdout } = await pyspyInTerminal(
    ...["record", "-o", "a.svg", "-r", "1000", "-d", "2", "-p", String(target.pid)],
  ).outcome;
  expect(code).toBe(0);
  const shown = stripVTControlCharacters(stdout.replaceAll(eraseLine, "<erase>"));
  expect(shown).toMatch(/<erase> {2}\d\.\d of 2 s {3}\d+ samples? {3}\d+\.\d\/s/);
  expect(shown).toMatch(/<erase>pyspy: A sample took [^<]*\r\npyspy: Wrote a\.svg: [^<]*\r\n$/);
});

test("a program has the screen to itself", async () => {
  const { code, stdout } = await pyspyInTerminal("record", "-o", "a.svg", ...busy(python, "--ticks", "8"))
    .outcome;
  expect(code).toBe(0);
  expect(stdout).not.toContain(eraseLine);
  expect(stdout).toMatch(/pyspy:\S* Sampling .*\r\n(tick .*\r\n)*/);
});

test("Ctrl-C reaches the program once, and the profile is written", async () => {
  const process = pyspyInTerminal(
    ...["record", "-f", "raw", "-o", "a.txt"],
    ...workplace.busyUntilLet(python, "--count-interrupts"),
  );
  await process.untilRecorded(atWork);
  process.child.stdin?.write(ctrlC);
  await process.until(({ stdout }) => stdout.includes("Wrote a.txt"));
  workplace.letEnd();
  expect((await process.outcome).code).toBe(11);
  expect(readFileSync(join(workplace.folder, "a.txt"), "utf8")).toMatch(/;work \(/);
});

test("Ctrl-C leaves a running process alone and keeps what there is", async () => {
  const target = workplace.start(busy(python));
  await target.moreTicks(1);
  const process = pyspyInTerminal("record", "-f", "raw", "-o", "a.txt", "-p", String(target.pid));
  await process.untilRecorded(atWork);
  process.child.stdin?.write(ctrlC);
  expect((await process.outcome).code).toBe(0);
  expect(readFileSync(join(workplace.folder, "a.txt"), "utf8")).toMatch(/;work \(/);
  await target.moreTicks(1);
});
