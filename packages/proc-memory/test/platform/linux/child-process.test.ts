import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { ChildProcess } from "../../../src/platform/linux/child-process.js";
import type { Libc } from "../../../src/platform/linux/libc.js";

/** What one call of `waitpid` answers: a wait status, nothing yet, or an error. */
type Answer = { readonly status: number } | "running" | { readonly errno: number };

/** A child that has this very process's id, so that a signal to it would arrive. */
function childThatAnswers(...answers: Answer[]): ChildProcess {
  let errno = 0;
  const system: Pick<Libc, "waitpid" | "errno"> = {
    waitpid: (pid, status) => {
      const answer = answers.shift();
      if (answer === undefined) throw new Error("It was waited for once too often");
      if (answer === "running") return 0;
      if ("errno" in answer) {
        errno = answer.errno;
        return -1;
      }
      if (status instanceof Int32Array) status[0] = answer.status;
      return pid;
    },
    errno: () => errno,
  };
  return new ChildProcess(system, process.pid);
}

describe("a child process", () => {
  it("is not signalled once it has been reaped, because its id may be another's by then", () => {
    const child = childThatAnswers({ status: 0x0300 });
    expect([child.kill(0), child.poll()?.code, child.kill(0)]).toEqual([true, 3, false]);
  });

  it("still runs when a tracer's stop is reported", () => {
    const stopped = { status: 0x137f };
    expect(childThatAnswers(stopped).poll()).toBeUndefined();
    expect(childThatAnswers(stopped, stopped, { status: 9 }).wait().signal).toBe("SIGKILL");
  });

  it("is waited for again after an interruption", () => {
    expect(childThatAnswers({ errno: constants.errno.EINTR }, { status: 0 }).wait().code).toBe(0);
    expect(childThatAnswers({ errno: constants.errno.EINTR }, "running").poll()).toBeUndefined();
  });

  it("has ended by its signal also when it left a core file", () => {
    expect(childThatAnswers({ status: 0x80 | 6 }).wait()).toEqual({
      code: undefined,
      signal: "SIGABRT",
      signalNumber: 6,
    });
  });

  it("says so when somebody else has waited for it", () => {
    expect(() => childThatAnswers({ errno: constants.errno.ECHILD }).poll()).toThrow(
      expect.objectContaining({
        code: "no-such-process",
        message: `Cannot wait for process ${process.pid}: it is no child of this process, or no longer`,
      }),
    );
  });
});
