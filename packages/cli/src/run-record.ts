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
 * Up to so many samples a second V8 is to interpret so many bytes of a function before it considers compiling it anew, fifteen
 * times as many as by default in Node 20, where this was measured: at 100 its compilers would be at work for the first half
 * minute, and take a fifth of what sampling does. At the highest rates it would be the other way round.
 */
const LOW_RATE = 250;
const INTERRUPT_BUDGET = 2_000_000;
const MEASURED_V8 = "11.";

export function runRecord(
  command: RecordCommand,
  control: RecordingControl,
  terminal: Terminal,
  report: Report,
): Promise<Ending> {
  if (command.rate <= LOW_RATE && process.versions.v8.startsWith(MEASURED_V8))
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
