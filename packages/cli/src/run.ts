import type { DoctorCommand } from "./args.js";
import { exitCodeOf } from "./command-error.js";
import type { DumpCommand } from "./dump-arguments.js";
import { type Ending, leave } from "./ending.js";
import { currentInvocation, type Invocation } from "./invocation.js";
import { packageVersion } from "./package-version.js";
import { RecordingControl } from "./record/recording-control.js";
import type { RecordCommand } from "./record-arguments.js";
import { hasControllingTerminal, onAskingSignal, onControlSignal } from "./signals.js";
import { writeOutput } from "./standard-output.js";
import { isTerminal } from "./terminal/is-terminal.js";
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
        return await runRecord(command, terminal, report);
      case "convert":
      case "report":
        debug = command.debug;
        return await (await import("./commands/convert.js")).convert(command, terminal);
      case "dump":
        debug = command.debug;
        return await runDump(command, terminal, report);
      case "doctor":
        debug = command.debug;
        return await runDoctor(command, invocation);
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
type Report = (error: unknown) => Promise<void>;

async function runRecord(command: RecordCommand, terminal: Terminal, report: Report): Promise<Ending> {
  const control = new RecordingControl(terminal);
  // Before the rest is loaded, and until this process leaves.
  onControlSignal((signal) => control.hear(signal));
  const [{ record }, { attach, attachAll, launch, listPythonProcesses }, { callingUser }] = await Promise.all(
    [import("./commands/record.js"), import("@pyspy/stack-sampler"), import("./record/program-options.js")],
  );
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

async function runDump(command: DumpCommand, terminal: Terminal, report: Report): Promise<Ending> {
  const [{ dump }, { inspect, listPythonProcesses, openCore, processTree }] = await Promise.all([
    import("./commands/dump.js"),
    import("@pyspy/stack-sampler"),
  ]);
  return dump(command, {
    looks: { inspect, listPythonProcesses, openCore, processTree },
    terminal,
    report,
    style: styleOf(1),
    columns: isTerminal(1) ? process.stdout.columns || 80 : 80,
    write: writeOutput,
    pause: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
  });
}

async function runDoctor(command: DoctorCommand, invocation: Invocation): Promise<Ending> {
  const [{ doctor }, { diagnose, inspectPermissions }] = await Promise.all([
    import("./commands/doctor.js"),
    import("@pyspy/stack-sampler"),
  ]);
  const { version, platform, arch } = process;
  return doctor(command, {
    diagnose,
    inspectPermissions,
    system: { pyspy: packageVersion(), node: version.slice(1), platform, architecture: arch },
    ownPid: process.pid,
    invocation,
    style: styleOf(1),
    write: writeOutput,
  });
}
