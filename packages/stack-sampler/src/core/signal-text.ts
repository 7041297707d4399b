import type { CoreSignal } from "@pyspy/binary-symbols";

/** The signal that ended a process. */
export interface EndSignal {
  /** `SIGSEGV` */
  readonly name: string;
  readonly number: number;
  /** Why, in words: `address not mapped at 0x10`, `sent by process 42`; "" if the core does not say. */
  readonly reason: string;
}

/**
 * Names by number, of x86 and ARM: Linux, include/uapi/asm-generic/signal.h. Those of the machine that we run on may be others.
 */
const NAMES =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split(
    " ",
  );
const FIRST_REAL_TIME = 32;

const SIGILL = 4;
const SIGTRAP = 5;
const SIGBUS = 7;
const SIGFPE = 8;
const SIGSEGV = 11;
const SIGSTOP = 19;
const SIGSYS = 31;

/** `si_code` of the signals that the processor raises. Source: Linux, include/uapi/asm-generic/siginfo.h. */
const REASONS: Readonly<Record<number, readonly string[]>> = {
  [SIGILL]: [
    "illegal opcode",
    "illegal operand",
    "illegal addressing mode",
    "illegal trap",
    "privileged opcode",
    "privileged register",
    "coprocessor error",
    "internal stack error",
  ],
  [SIGTRAP]: ["breakpoint", "trace trap", "taken branch", "hardware breakpoint"],
  [SIGBUS]: [
    "misaligned address",
    "nonexistent physical address, as beyond the end of a mapped file",
    "error of the mapped object",
    "hardware memory error",
    "hardware memory error",
  ],
  [SIGFPE]: [
    "integer divided by zero",
    "integer overflow",
    "floating-point number divided by zero",
    "floating-point overflow",
    "floating-point underflow",
    "inexact floating-point result",
    "invalid floating-point operation",
    "subscript out of range",
  ],
  [SIGSEGV]: [
    "address not mapped",
    "access not permitted",
    "failed address bound checks",
    "access denied by a protection key",
  ],
  [SIGSYS]: ["system call forbidden by seccomp"],
};

const SI_TIMER = -2;
const SI_KERNEL = 0x80;

/**
 * The signal that ended the process `pid`; undefined if it was not ended: a debugger stopped it to write the core, which
 * shows as a stop or as no signal.
 */
export function endSignalOf(signal: CoreSignal | undefined, pid: number): EndSignal | undefined {
  if (signal === undefined || signal.number === SIGSTOP) return undefined;
  // A debugger that attached stops at traps of its own.
  if (signal.number === SIGTRAP && signal.code === undefined) return undefined;
  return { name: signalName(signal.number), number: signal.number, reason: reasonOf(signal, pid) };
}

function signalName(number: number): string {
  const name = NAMES[number - 1];
  if (name !== undefined) return `SIG${name}`;
  return number >= FIRST_REAL_TIME ? `SIGRTMIN+${number - FIRST_REAL_TIME}` : `signal ${number}`;
}

function reasonOf({ number, code, address, senderPid }: CoreSignal, pid: number): string {
  if (code === undefined) return "";
  if (senderPid !== undefined) {
    return senderPid === pid ? "raised by the process itself" : `sent by process ${senderPid}`;
  }
  if (code === SI_TIMER) return "a timer ran out";
  if (code === SI_KERNEL) {
    return number === SIGSEGV ? "an address that no program can have" : "sent by the kernel";
  }
  const reason = REASONS[number]?.[code - 1];
  if (reason === undefined) return `code ${code}`;
  return address === undefined ? reason : `${reason} at 0x${address.toString(16)}`;
}
