import { SamplerError } from "@pyspy/stack-sampler";
import { describe, expect, test } from "vitest";
import { CommandError, exitCodeOf } from "../src/command-error.js";
import { reportFailure } from "../src/failure.js";
import type { Invocation } from "../src/invocation.js";
import { createStyle } from "../src/terminal/style.js";
import { Terminal } from "../src/terminal/terminal.js";
import { permissions } from "./fake-permissions.js";

const user: Invocation = { argv: ["record", "-p", "1234", "-o", "my file.svg"], isRoot: false, byNpx: false };

function told(error: unknown, invocation: Invocation = user, debug = false): string {
  let text = "";
  const terminal = new Terminal({
    write: (piece) => {
      text += piece;
    },
    style: createStyle(false),
    interactive: false,
    columns: () => 80,
  });
  reportFailure(terminal, error, invocation, debug);
  return text;
}

describe("a failure", () => {
  const denied = new SamplerError("permission-denied", "Cannot read process 1234: permission denied", {
    pid: 1234,
  });

  test("that is known is one sentence", () => {
    expect(told(new SamplerError("no-such-process", "Cannot open process 1234: it does not exist"))).toBe(
      "pyspy: Cannot open process 1234: it does not exist\n",
    );
    expect(told(new CommandError("output", "Cannot write x: the disk is full"))).toBe(
      "pyspy: Cannot write x: the disk is full\n",
    );
  });

  test("of permission comes with the command that would work, ready to copy", () => {
    expect(told(denied)).toBe(
      "pyspy: Cannot read process 1234: permission denied\n" +
        `pyspy: Try it as root: sudo env "PATH=$PATH" pyspy record -p 1234 -o 'my file.svg'\n`,
    );
    expect(told(denied, { ...user, byNpx: true })).toContain('sudo env "PATH=$PATH" npx pyspy record');
  });

  test("of permission comes with what lifts the reason that was found", () => {
    const reason = { code: "traced", tracer: 99, tracerName: "strace" } as const;
    const denial = { pid: 1234, action: "stop", reason, also: [], message: "", permissions } as const;
    const error = new SamplerError("permission-denied", "Cannot stop process 1234: …", { pid: 1234, denial });
    expect(told(error)).toBe(
      "pyspy: Cannot stop process 1234: …\npyspy: Wait until strace lets go of it, or end that: kill 99\n",
    );
  });

  test("of permission that nobody explained to root stands alone", () => {
    expect(told(denied, { ...user, isRoot: true })).toBe(
      "pyspy: Cannot read process 1234: permission denied\n",
    );
  });

  test("to start a Python file comes with the way to start it", () => {
    const error = new SamplerError("program-not-executable", "Cannot start app.py: it is not executable", {
      program: "app.py",
    });
    expect(told(error)).toContain(
      "pyspy: A Python file needs a Python to run it: pyspy record -- python3 app.py\n",
    );
  });

  test("that nobody expected is a bug, without a stack trace", () => {
    expect(told(new TypeError("x is not a function"))).toBe(
      "pyspy: This is a bug in pyspy, please report it: TypeError: x is not a function (--debug shows where)\n",
    );
    expect(told(new SamplerError("internal", "The worker died"))).toContain("This is a bug in pyspy");
  });

  test("shows where it happened, and its causes, with --debug", () => {
    const text = told(new Error("outer", { cause: new Error("inner") }), user, true);
    expect(text).toMatch(/^pyspy: This is a bug in pyspy, please report it: Error: outer\n/);
    expect(text).toMatch(/pyspy: Error: outer\npyspy: {5}at .*failure\.test\.ts/);
    expect(text).toMatch(/pyspy: caused by\npyspy: Error: inner\npyspy: {5}at /);
  });

  test("ends with 2 if the command line was wrong, and with 1 otherwise", () => {
    expect(exitCodeOf(new CommandError("usage", ""))).toBe(2);
    expect(exitCodeOf(new CommandError("output", ""))).toBe(1);
    expect(exitCodeOf(denied)).toBe(1);
  });
});
