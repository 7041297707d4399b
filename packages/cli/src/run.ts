import { exitCodeOf } from "./command-error.js";
import { type Ending, leave } from "./ending.js";
import { currentInvocation } from "./invocation.js";
import { packageVersion } from "./package-version.js";
import { RecordingControl } from "./record/recording-control.js";
import type { RecordCommand } from "./record-arguments.js";
import { onControlSignal } from "./signals.js";
import { writeOutput } from "./standard-output.js";
import { styleOf } from "./terminal/style.js";
import { errorTerminal, type Terminal } from "./terminal/terminal.js";
import { writeFully } from "./terminal/write-fully.js";

/** Does what a command line asks for, and ends this process as it went. */
export async function main(argv: readonly string[]): Promise<never> {
  return leave(await run(argv));
}

/** Every failure has been told to the person when it returns. */
async function run(argv: readonly string[]): Promise<Ending> {
  const terminal = errorTerminal();
  const invocation = currentInvocation(argv);
  let debug = false;
  const report: Report = async (error) => {
    const { reportFailure } = await import("./failure.js");
    reportFailure(terminal, error, invocation, debug);
  };
  process.on("uncaughtException", (error) => {
    void report(error).finally(() => leave({ code: 1 }));
  });
  try {
    if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) return printVersion();
    const { parseArgs } = await import("./args.js");
    const isBare = argv.length === 0;
    const command = parseArgs(argv, styleOf(isBare ? 2 : 1));
    switch (command.name) {
      case "version":
        return printVersion();
      case "help":
        if (command.asked) writeOutput(command.text);
        else writeFully(2, command.text);
        return { code: command.asked ? 0 : 2 };
      case "record":
        debug = command.debug;
        return await listenAndRecord(command, terminal, report);
      case "convert":
      case "report":
        debug = command.debug;
        return await (await import("./commands/convert.js")).convert(command, terminal);
      case "dump":
        debug = command.debug;
        return await (await import("./run-dump.js")).runDump(command, terminal, report);
      case "doctor":
        debug = command.debug;
        return await (await import("./run-doctor.js")).runDoctor(command, invocation);
    }
  } catch (error) {
    await report(error);
    return { code: exitCodeOf(error) };
  }
}

/** Asked for in one word it is answered without parsing arguments. */
function printVersion(): Ending {
  writeOutput(`pyspy ${packageVersion()}\n`);
  return { code: 0 };
}

/** Tells a person about a failure. Loaded when there is one: help and version need none of it. */
export type Report = (error: unknown) => Promise<void>;

async function listenAndRecord(command: RecordCommand, terminal: Terminal, report: Report): Promise<Ending> {
  const control = new RecordingControl(terminal);
  // Before the rest is loaded, and until this process leaves.
  onControlSignal((signal) => control.hear(signal));
  const { runRecord } = await import("./run-record.js");
  return runRecord(command, control, terminal, report);
}
