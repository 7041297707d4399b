import { setFlagsFromString } from "node:v8";
import { attach, attachAll, launch, listPythonProcesses } from "@pyspy/stack-sampler";
import { record } from "./commands/record.js";
import { type Ending, leave } from "./ending.js";
import { callingUser } from "./record/program-options.js";
import type { RecordingControl } from "./record/recording-control.js";
import type { RecordCommand } from "./record-arguments.js";
import type { Report } from "./run.js";
import { hasControllingTerminal, onAskingSignal } from "./signals.js";
import { isTerminal } from "./terminal/is-terminal.js";
import type { Terminal } from "./terminal/terminal.js";
import { writeFully } from "./terminal/write-fully.js";

/**
 * How many bytes of a function V8 interprets before it considers compiling it anew: fifteen times as many as by default. At 100
 * samples a second its compilers would be at work for the first half minute, and take a fifth of what sampling does;
 * at the highest rates it makes a difference of a tenth of a second.
 */
const INTERRUPT_BUDGET = 2_000_000;

export function runRecord(
  command: RecordCommand,
  control: RecordingControl,
  terminal: Terminal,
  report: Report,
): Promise<Ending> {
  setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
  return record(command, {
    samplers: { attach, attachAll, launch },
    findPythons: async (match) => {
      const isMeant = (words: readonly string[]) => match.some((pattern) => pattern.test(words.join(" ")));
      return (await listPythonProcesses(isMeant)).processes.map(({ pid }) => pid);
    },
    terminal,
    onAskingSignal,
    control,
    callingUser: callingUser(process.env, process.geteuid?.() === 0),
    showCaptured: (bytes) => writeFully(2, bytes),
    hasControllingTerminal: hasControllingTerminal(),
    sharesScreen: isTerminal(1),
    report,
    leave,
  });
}
