import { closeSync, openSync } from "node:fs";

/** Signals that ask pyspy to come to an end. */
const askingSignals = ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP"] as const;
export type AskingSignal = (typeof askingSignals)[number];

/** Calls back for each such signal, which does not end pyspy then, until disposed of. */
export function onAskingSignal(listener: (signal: AskingSignal) => void): Disposable {
  return onSignals(askingSignals, listener);
}

/** Signals by which a person tells pyspy to do something while it goes on. */
const controlSignals = ["SIGUSR1", "SIGUSR2"] as const;
export type ControlSignal = (typeof controlSignals)[number];

/** Calls back for each such signal until disposed of. Node then does not open its debugger for SIGUSR1. */
export function onControlSignal(listener: (signal: ControlSignal) => void): Disposable {
  return onSignals(controlSignals, listener);
}

function onSignals<Signal extends NodeJS.Signals>(
  signals: readonly Signal[],
  listener: (signal: Signal) => void,
): Disposable {
  const heard = listener as NodeJS.SignalsListener;
  for (const signal of signals) process.on(signal, heard);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, heard);
    },
  };
}

/**
 * Whether this process has a controlling terminal. Its Ctrl-C goes to every process in the foreground, so a program
 * that we started hears of it without us; without a terminal an interrupt was meant for pyspy alone.
 */
export function hasControllingTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
