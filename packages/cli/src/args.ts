import { Command as CommanderCommand, CommanderError, Option } from "commander";
import { NATIVE_FLAG, type Options, readPid, usage } from "./argument-values.js";
import { CommandError } from "./command-error.js";
import { type ConvertCommand, modeNames, readConvert, readReport } from "./convert-arguments.js";
import { type DumpCommand, readDump } from "./dump-arguments.js";
import { formatNames } from "./formats.js";
import { hiddenRecordOptions, type RecordCommand, readRecord, recordOptions } from "./record-arguments.js";
import { createStyle, type Style } from "./terminal/style.js";

/** What a command line asks for. */
export type Command =
  | HelpCommand
  | VersionCommand
  | RecordCommand
  | ConvertCommand
  | DumpCommand
  | DoctorCommand;

/** Somebody wants to read the help, or wrote nothing at all. */
export interface HelpCommand {
  readonly name: "help";
  readonly text: string;
  /** False for a bare `pyspy`, which is a mistake. */
  readonly asked: boolean;
}

export interface VersionCommand {
  readonly name: "version";
}

export interface DoctorCommand {
  readonly name: "doctor";
  /** Undefined: only this machine is looked at. */
  readonly pid: number | undefined;
  readonly json: boolean;
  /** Show what was looked at in vain, too. */
  readonly verbose: boolean;
  readonly debug: boolean;
}

/**
 * Reads a command line, without the `node pyspy` in front of it.
 *
 * @param style for the help
 * @throws {CommandError} `usage`
 *
 * @example
 * parseArgs(["record", "-o", "out.svg", "python3", "app.py", "-o", "its own"]);
 * // { name: "record", output: "out.svg", target: { kind: "program", words: ["python3", "app.py", "-o", "its own"] }, … }
 */
export function parseArgs(argv: readonly string[], style: Style = createStyle(false)): Command {
  let text = "";
  const program = describeProgram(style, (piece) => {
    text += piece;
  });
  let result: RecordCommand | ConvertCommand | DumpCommand | DoctorCommand | undefined;
  const describers = {
    record: () =>
      describeRecord(program, style).action((words: readonly string[], options: Options) => {
        result = readRecord(words, options);
      }),
    dump: () => {
      // commander knows no options that count how often they are given.
      let locals = 0;
      describeDump(program, style)
        .on("option:locals", () => {
          locals += 1;
        })
        .action((options: Options) => {
          result = readDump({ ...options, locals });
        });
    },
    convert: () =>
      describeConvert(program, style).action((inputs: readonly string[], options: Options) => {
        result = readConvert(inputs, options);
      }),
    report: () =>
      describeReport(program, style).action((inputs: readonly string[], options: Options) => {
        result = readReport(inputs, options);
      }),
    doctor: () =>
      describeDoctor(program, style).action((options: Options) => {
        result = readDoctor(options);
      }),
  };
  // To describe all of them takes 3 % of what Node takes to start.
  const all = Object.entries(describers);
  const called = all.filter(([name]) => name === argv[0]);
  for (const [, describe] of called.length > 0 ? called : all) describe();
  try {
    program.parse(withFullCommandName(argv, program), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.version") return { name: "version" };
    if (error.code.startsWith("commander.help")) return { name: "help", text, asked: argv.length > 0 };
    throw new CommandError("usage", sentenceOf(error), error);
  }
  if (result === undefined) throw new Error("commander ran no command and did not say why");
  return result;
}

function describeProgram(style: Style, onHelp: (text: string) => void): CommanderCommand {
  return new CommanderCommand("pyspy")
    .description("Shows where running Python programs spend their time: from outside, without changing them.")
    .usage("<command> [options]")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: onHelp,
      writeErr: onHelp,
      outputError: () => {},
      // commander's own answers look at process.stdout, which alters a pipe that a program may share.
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
      getOutHasColors: () => style.enabled,
      getErrHasColors: () => style.enabled,
    })
    .configureHelp({
      styleTitle: style.bold,
      styleSubcommandTerm: style.green,
      styleOptionTerm: style.cyan,
      subcommandTerm: (command) => command.name(),
      // The commands are what matters here; commander would list the options first.
      visibleOptions: (command) =>
        command.parent === null
          ? []
          : [
              ...command.options.filter(({ hidden }) => !hidden),
              new Option("-h, --help", "print this help").helpGroup("Other:"),
            ],
    })
    .version("", "-V, --version")
    .helpCommand("help", "print the help of a command")
    .addHelpText(
      "after",
      section(style, "Options:", style.cyan, [
        ["-V, --version", "print the version"],
        ["-h, --help", "print this help"],
      ]),
    )
    .addHelpText(
      "after",
      section(style, "Examples:", style.green, [
        ["pyspy record -- python3 app.py", "run a program and see where its time goes"],
        ["pyspy record --pid 1234 -d 10", "look into a running one for ten seconds"],
        ["pyspy dump --pid 1234", "what a running one does right now"],
        ["pyspy convert today.pyspy -f pprof", "turn a recording into another format"],
        ["pyspy doctor --pid 1234", "why it can be looked into, or not"],
        ["pyspy record --help", "everything that record can do"],
      ]),
    );
}

function describeRecord(program: CommanderCommand, style: Style): CommanderCommand {
  const command = program
    .command("record")
    .summary("draw a flame graph of a running program")
    .description(
      "Samples the stacks of a Python program and draws a flame graph of them. The program is one that runs already " +
        "(--pid) or one to start: what follows its name is its own. Ctrl-C stops and keeps what there is.",
    )
    .usage("[options] [--] <program> [arguments...]\n       pyspy record [options] --pid <pid>")
    .argument("[program...]")
    .passThroughOptions();
  for (const [title, options] of recordOptions) {
    command.optionsGroup(title);
    for (const [flags, meaning, repeated] of options) {
      const option = new Option(flags, meaning);
      command.addOption(repeated === undefined ? option : option.argParser(collect));
    }
  }
  for (const [flags, meaning] of hiddenRecordOptions)
    command.addOption(new Option(flags, meaning).hideHelp());
  return command.addHelpText(
    "after",
    section(style, "Examples:", style.green, [
      ["pyspy record -o profile.svg -- python3 app.py --its-own option"],
      ["pyspy record --pid 1234 --duration 10s --rate 500"],
      ["pyspy record --subprocesses -o web.svg -- gunicorn app:app"],
      ["pyspy record --pid 1234 --format raw -o - | sort"],
      ["pyspy record --format pyspy -o today.pyspy --rotate 10m --keep 6 --pid 1234"],
    ]),
  );
}

function describeDump(program: CommanderCommand, style: Style): CommanderCommand {
  return program
    .command("dump")
    .summary("show what a running program does right now")
    .description(
      "Shows the stacks of all threads of Python programs, or of core files. Nothing is done to the programs. Without " +
        "anything to look into it lists the Python programs that can be.",
    )
    .usage("[options]")
    .optionsGroup("What to look into:")
    .option("-p, --pid <pid>", "a process, in decimal or hex; may be repeated", collect)
    .option("-m, --match <regex>", "Pythons whose command line is like that", collect)
    .option("-s, --subprocesses", "also what they have started")
    .option("-c, --core <file>", "a core file, also a gzipped one")
    .optionsGroup("What to show:")
    .option("-l, --locals", "arguments and variables; -ll shows more of them")
    .option("--redact <regex>", "hide the values of what is called like that", collect)
    .option("--async", "also tasks of asyncio, and greenlets: who waits for whom")
    .option("--source", "lines of source code")
    .option("--full-filenames", "whole paths of files")
    .option("--no-fold", "each of many threads with the same stack")
    .option("-j, --json", "one JSON document; with --repeat one a line, for each look")
    .option("--repeat <number>", "look so many times, and tell what has moved")
    .option("--interval <seconds>", "time between the looks; default: 1")
    .optionsGroup("Binaries of a core file:")
    .option("--executable <file>", "the program, wherever it is here")
    .option("--sysroot <folder>", "the root folder of the core's system")
    .option("--lib-search-path <folder>", "where libraries are; may be repeated", collect)
    .optionsGroup("Other:")
    .option("--blocking", "stop what runs while all is read: one moment")
    .option("--nonblocking", "read it as it runs (default)")
    .option("--debug", "show stack traces of pyspy's own failures")
    .addOption(new Option(NATIVE_FLAG).hideHelp())
    .addHelpText(
      "after",
      section(style, "Examples:", style.green, [
        ["pyspy dump --pid 1234 --locals"],
        ["pyspy dump --match 'train[.]py' --subprocesses"],
        ["pyspy dump --pid 1234 --repeat 5 --interval 0.5"],
        ["pyspy dump --core core.1234.gz --sysroot /srv/images/app"],
      ]),
    );
}

function describeConvert(program: CommanderCommand, style: Style): CommanderCommand {
  const command = program
    .command("convert")
    .summary("turn profiles into another format")
    .description(
      "Reads recordings and the files of other profilers (collapsed stacks, speedscope, pprof, Austin's MOJO, CPython's " +
        'profiling.sampling; "-" is standard input), and writes what is chosen of them as one file.',
    )
    .usage("[options] <input...>")
    .argument("<input...>")
    .optionsGroup("Output:")
    .option("-o, --output <file>", '"-" is standard output; default: the input\'s name')
    .option(
      "-f, --format <format>",
      `${formatNames.join(", ")}\ndefault: what the output's name says, or flamegraph`,
    );
  command
    .option("-t, --threads", "a frame for each thread above its stacks")
    .option("-s, --processes", "a frame for each process above its stacks")
    .option("-F, --function", "frames by function, not by line")
    .option("--nolineno", "no line numbers");
  return describeChoice(command).addHelpText(
    "after",
    section(style, "Examples:", style.green, [
      ["pyspy convert today.pyspy -o today.svg"],
      ["pyspy convert today.pyspy -f speedscope --from 1m --until 90s"],
      ["pyspy convert host-*.pyspy -o all.pb.gz --exclude site-packages"],
      ["pyspy convert py-spy.txt -f firefox"],
    ]),
  );
}

function describeReport(program: CommanderCommand, style: Style): CommanderCommand {
  const command = program
    .command("report")
    .summary("list the functions that most time went to")
    .description(
      "Sums a profile up by function and by thread, or several as one. It reads the same files as convert.",
    )
    .usage("[options] <input...>")
    .argument("<input...>")
    .optionsGroup("Output:")
    .option("-o, --output <file>", "default: standard output")
    .option("-f, --format <format>", "table (default), markdown or json");
  return describeChoice(command).addHelpText(
    "after",
    section(style, "Examples:", style.green, [
      ["pyspy report today.pyspy --top 5"],
      ["pyspy report today.pyspy --mode gil -f json | jq .functions[0]"],
    ]),
  );
}

/** What of a profile is shown: the same for all that is made of one. */
function describeChoice(command: CommanderCommand): CommanderCommand {
  return command
    .option("--full-filenames", "whole paths of files")
    .option("--top <number>", "functions that a summary lists; default: 20")
    .optionsGroup("Samples:")
    .option(
      "-m, --mode <mode>",
      `${modeNames.join(", ")}: all time (default), time on a\nprocessor, with the GIL, or of waiting`,
    )
    .option("--from <time>", "since the start of the profile: 90, 90s, 1.5m")
    .option("--until <time>", "up to then")
    .option("--include <regex>", "only with a function, file or thread like that", collect)
    .option("--exclude <regex>", "none with a function, file or thread like that", collect)
    .option("--torn", "stacks too that changed while they were read")
    .optionsGroup("Other:")
    .option("--debug", "show stack traces of pyspy's own failures");
}

function describeDoctor(program: CommanderCommand, style: Style): CommanderCommand {
  return program
    .command("doctor")
    .summary("tell whether a process can be looked into, and why")
    .description(
      "Tells what pyspy sees of this machine and of a process, and whether the process can be sampled: what the kernel " +
        "permits, which Pythons there are, and what to do about the rest. The process is not changed.",
    )
    .usage("[options]")
    .option("-p, --pid <pid>", "process to look into, in decimal or hex", collect)
    .option("-j, --json", "one JSON document")
    .option("-v, --verbose", "also what was looked at in vain")
    .optionsGroup("Other:")
    .option("--debug", "show stack traces of pyspy's own failures")
    .addHelpText(
      "after",
      section(style, "Exit code:", style.green, [
        ["0", "it can be sampled"],
        ["1", "it cannot"],
        ["2", "the command line makes no sense"],
      ]),
    );
}

function section(
  style: Style,
  title: string,
  termStyle: (term: string) => string,
  rows: readonly (readonly [term: string, meaning?: string])[],
): string {
  const width = Math.max(...rows.map(([term]) => term.length));
  const lines = rows.map(([term, meaning]) =>
    meaning === undefined ? `  ${termStyle(term)}` : `  ${termStyle(term.padEnd(width))}  ${meaning}`,
  );
  return `\n${[style.bold(title), ...lines].join("\n")}`;
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** Lets `rec` stand for `record`, as long as no other command begins like it. */
function withFullCommandName(argv: readonly string[], program: CommanderCommand): readonly string[] {
  const [first = "", second] = argv;
  const names = ["help", ...program.commands.map((command) => command.name())];
  const name = fullName(first, names);
  // commander answers `help` of a command that does not exist with the general help.
  if (name === "help" && second !== undefined) {
    const topic = fullName(second, names);
    return names.includes(topic) ? [topic, "--help"] : [topic];
  }
  return argv.length === 0 ? argv : [name, ...argv.slice(1)];
}

/** What people have got used to typing `r` and `d` for must not change because of commands that only pyspy has. */
const commandsOfPySpy: readonly string[] = ["record", "top", "dump"];

function fullName(prefix: string, names: readonly string[]): string {
  if (prefix === "" || names.includes(prefix)) return prefix;
  const matches = names.filter((name) => name.startsWith(prefix));
  const [known, ...others] = matches.filter((name) => commandsOfPySpy.includes(name));
  if (known !== undefined && others.length === 0) return known;
  if (matches.length > 1) throw usage(`The command "${prefix}" could be ${matches.join(" or ")}`);
  return matches[0] ?? prefix;
}

function readDoctor(options: Options): DoctorCommand {
  const [pid, ...otherPids] = (options["pid"] as readonly string[] | undefined) ?? [];
  if (otherPids.length > 0) throw usage("One --pid at a time can be looked into");
  return {
    name: "doctor",
    pid: pid === undefined ? undefined : readPid(pid),
    json: options["json"] === true,
    verbose: options["verbose"] === true,
    debug: options["debug"] === true,
  };
}

/** commander's message in one line: `Unknown option --formt; did you mean --format?` */
function sentenceOf(error: CommanderError): string {
  const message = error.message
    .replace(/^error: /, "")
    .replace(/\s*\(Did you mean (.*)\?\)$/, "; did you mean $1?")
    .replace(/^(unknown (?:option|command)) '(.*?)'/, "$1 $2")
    .replace(/^option '(?:-\w, )?(--[\w-]+).*' argument missing$/, "the option $1 needs a value")
    .replace(/^missing required argument 'input'$/, "no profile is named; see --help")
    .replace(/^too many arguments for '(\w+)'.*$/, "the command $1 takes options only, such as --pid 1234");
  return message.charAt(0).toUpperCase() + message.slice(1);
}
