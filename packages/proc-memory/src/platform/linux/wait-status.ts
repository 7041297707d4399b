import { constants } from "node:os";
import type { ExitStatus } from "../../exit-status.js";

/** The first real-time signal that glibc leaves to programs. */
const SIGRTMIN = 34;

/** Decodes a wait status (the W… macros of waitpid(2)); undefined for one that is not about an end. */
export function exitStatusOf(status: number): ExitStatus | undefined {
  const signalNumber = status & 0x7f;
  if (signalNumber === 0) return { code: (status >> 8) & 0xff, signal: undefined, signalNumber: undefined };
  if (signalNumber === 0x7f) return undefined;
  return { code: undefined, signal: signalName(signalNumber), signalNumber };
}

function signalName(signal: number): string {
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  return name ?? `SIGRTMIN+${signal - SIGRTMIN}`;
}
