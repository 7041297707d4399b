import { expect, test } from "vitest";
import { endSignalOf } from "../../src/core/signal-text.js";

const facts = { code: undefined, address: undefined, senderPid: undefined };

test.each([
  [{ number: 11, code: 1, address: 0x10 }, "SIGSEGV", "address not mapped at 0x10"],
  [{ number: 11, code: 2, address: 0x7f00 }, "SIGSEGV", "access not permitted at 0x7f00"],
  [{ number: 11, code: 0x80 }, "SIGSEGV", "an address that no program can have"],
  [{ number: 8, code: 1, address: 0x40 }, "SIGFPE", "integer divided by zero at 0x40"],
  [{ number: 6, code: -6, senderPid: 7 }, "SIGABRT", "raised by the process itself"],
  [{ number: 15, code: 0, senderPid: 1 }, "SIGTERM", "sent by process 1"],
  [{ number: 11, code: 77, address: 1 }, "SIGSEGV", "code 77"],
  [{ number: 3 }, "SIGQUIT", ""],
  [{ number: 40 }, "SIGRTMIN+8", ""],
])("%j is %s: %s", (signal, name, reason) => {
  expect(endSignalOf({ ...facts, ...signal }, 7)).toEqual({ name, number: signal.number, reason });
});

test("a process that a debugger has stopped was not ended", () => {
  expect(endSignalOf(undefined, 7)).toBeUndefined();
  expect(endSignalOf({ ...facts, number: 19, code: 0x80 }, 7)).toBeUndefined();
});
