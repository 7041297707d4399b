import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { ChildProcess } from "../../../src/platform/linux/child-process.js";
import type { Libc } from "../../../src/platform/linux/libc.js";

const CLD_EXITED = 1;
const CLD_TRAPPED = 4;

/** What the kernel says when it is asked: a wait status, nothing yet, or an error. */
type Answer = { readonly status: number } | "running" | { readonly errno: number };

/** A child that has this very process's id, so that a signal to it would arrive. */
function childThatAnswers(...answers: Answer[]): ChildProcess {
  let errno = 0;
  const system: Pick<Libc, "waitid" | "waitpid" | "errno"> = {
    // A look, after which the same can still be waited for.
    waitid: (_, pid, information) => {
      const answer = answers[0];
      if (answer === undefined) throw new Error("It was waited for once too often");
      if (answer !== "running" && "errno" in answer) {
        errno = answer.errno;
        answers.shift();
        return -1;
      }
      const code = answer === "running" ? 0 : (answer.status & 0xff) === 0x7f ? CLD_TRAPPED : CLD_EXITED;
      if (information instanceof Int32Array) information.set([17, 0, code, 0, code === 0 ? 0 : pid]);
      if (code !== CLD_EXITED) answers.shift();
      return 0;
    },
    waitpid: (pid, status) => {
      const answer = answers.shift();
      if (answer === undefined || answer === "running" || "errno" in answer)
        throw new Error("It has not ended");
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

  it("still runs when a tracer's stop is reported, which is left to the tracer", () => {
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
