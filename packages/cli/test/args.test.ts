import { describe, expect, test } from "vitest";
import { type DoctorCommand, parseArgs } from "../src/args.js";
import { CommandError } from "../src/command-error.js";
import type { ConvertCommand } from "../src/convert-arguments.js";
import type { DumpCommand } from "../src/dump-arguments.js";
import type { RecordCommand } from "../src/record-arguments.js";
import { createStyle } from "../src/terminal/style.js";

const defaults: Omit<RecordCommand, "target"> = {
  name: "record",
  subprocesses: false,
  output: undefined,
  format: undefined,
  lines: "line",
  fullFileNames: false,
  threads: false,
  processes: false,
  top: 20,
  duration: undefined,
  delay: 0,
  rate: 100,
  idle: false,
  gil: false,
  mainThread: false,
  tasks: false,
  rss: false,
  include: undefined,
  exclude: undefined,
  blocking: false,
  rotation: undefined,
  afterwards: "wait",
  strict: false,
  capture: false,
  hideProgress: false,
  debug: false,
};
const program = (...words: string[]): RecordCommand["target"] => ({ kind: "program", words });
const process1234: RecordCommand["target"] = {
  kind: "processes",
  pids: [1234],
  match: undefined,
};

describe("a command line that makes sense", () => {
  const cases: readonly (readonly [string, Partial<RecordCommand>])[] = [
    ["record python app.py", { target: program("python", "app.py") }],
    ["record -- python app.py", { target: program("python", "app.py") }],
    ["record -o x -- python app.py -o y", { target: program("python", "app.py", "-o", "y"), output: "x" }],
    ["record -o x python app.py -o y", { target: program("python", "app.py", "-o", "y"), output: "x" }],
    ["record python -- app.py", { target: program("python", "--", "app.py") }],
    ["record -i python --help", { target: program("python", "--help"), idle: true }],
    ["record -- --odd-name", { target: program("--odd-name") }],
    ["record -p 1234", { target: process1234 }],
    ["record --pid=1234", { target: process1234 }],
    ["record -p1234", { target: process1234 }],
    ["record -p 0x4d2", { target: process1234 }],
    ["record -p 0X4D2", { target: process1234 }],
    ["record -ip 1234", { target: process1234, idle: true }],
    ["record --blocking -p 1234", { target: process1234, blocking: true }],
    ["record --nonblocking -p 1234", { target: process1234 }],
    ["r -p 1234", { target: process1234 }],
    ["rec -p 1234", { target: process1234 }],
    ["record -p 1234 -o -", { target: process1234, output: "-" }],
    ["record -p 1234 -f raw", { target: process1234, format: "raw" }],
    ["record -p 1234 -f FlameGraph", { target: process1234, format: "flamegraph" }],
    ["record -p 1234 -d 2.5", { target: process1234, duration: 2.5 }],
    ["record -p 1234 -d .5", { target: process1234, duration: 0.5 }],
    ["record -p 1234 -d Unlimited", { target: process1234 }],
    ["record -p 1234 -r 1", { target: process1234, rate: 1 }],
    ["record -p 1234 -r 1000000", { target: process1234, rate: 1_000_000 }],
    ["record -p 1234 -r 10 -r 20", { target: process1234, rate: 20 }],
    [
      "record -p 1234 -d 90s -r 2k --delay 250ms",
      { target: process1234, duration: 90, rate: 2000, delay: 0.25 },
    ],
    ["record -p 1234 -d 1.5M -r 1.5K", { target: process1234, duration: 90, rate: 1500 }],
    [
      "record -p 1234 -tF --full-filenames",
      { target: process1234, threads: true, lines: "function", fullFileNames: true },
    ],
    ["record -p 1234 --rss", { target: process1234, rss: true }],
    ["record -p 1234 --nolineno", { target: process1234, lines: "none" }],
    ["record -p 1234 -gi", { target: process1234, gil: true, idle: true }],
    ["record -p 1234 --mode WALL", { target: process1234, idle: true }],
    ["record -p 1234 --mode gil -g", { target: process1234, gil: true }],
    ["record -p 1234 --mode cpu --main-thread", { target: process1234, mainThread: true }],
    ["record -p 1234 --include a --exclude b|c", { target: process1234, include: [/a/], exclude: [/b|c/] }],
    ["record -p 1234 --rotate 10m --keep 6", { target: process1234, rotation: { seconds: 600, keep: 6 } }],
    ["record -p 1234 --rotate 60s", { target: process1234, rotation: { seconds: 60, keep: undefined } }],
    ["record -sp 1234", { target: process1234, subprocesses: true, processes: true }],
    [
      "record -p 1234 -p 0x5 -p 1234 -m web|app",
      { target: { kind: "processes", pids: [1234, 5], match: [/web|app/] }, processes: true },
    ],
    ["record --match app", { target: { kind: "processes", pids: [], match: [/app/] }, processes: true }],
    ["record --kill --strict x", { target: program("x"), afterwards: "kill", strict: true }],
    ["record --detach x", { target: program("x"), afterwards: "detach" }],
    ["record --capture --hideprogress x", { target: program("x"), capture: true, hideProgress: true }],
    ["record -p 1234 --debug", { target: process1234, debug: true }],
  ];
  test.each(cases)("pyspy %s", (line, expected) => {
    expect(parseArgs(line.split(" "))).toEqual({ ...defaults, ...expected });
  });

  test("keeps empty and odd words of the program as they are", () => {
    expect(parseArgs(["record", "--", "python", "", " ", "-p", "\n"])).toEqual({
      ...defaults,
      target: program("python", "", " ", "-p", "\n"),
    });
  });

  const doctor: DoctorCommand = { name: "doctor", pid: undefined, json: false, verbose: false, debug: false };
  const doctorCases: readonly (readonly [string, Partial<DoctorCommand>])[] = [
    ["doctor", {}],
    ["doc", {}],
    ["do -p 1234", { pid: 1234 }],
    ["doctor --pid=0x4d2", { pid: 1234 }],
    ["doctor --json", { json: true }],
    ["doctor -jvp 1234", { pid: 1234, json: true, verbose: true }],
    ["doctor --verbose --debug", { verbose: true, debug: true }],
  ];
  test.each(doctorCases)("pyspy %s", (line, expected) => {
    expect(parseArgs(line.split(" "))).toEqual({ ...doctor, ...expected });
  });

  const convert: ConvertCommand = {
    name: "convert",
    inputs: ["a.pyspy"],
    output: undefined,
    format: undefined,
    choice: {
      mode: "wall",
      from: undefined,
      until: undefined,
      include: undefined,
      exclude: undefined,
      torn: false,
    },
    lines: "line",
    fullFileNames: false,
    threads: false,
    processes: false,
    top: 20,
    debug: false,
  };
  const report: ConvertCommand = { ...convert, name: "report", output: "-" };
  const chosen = (choice: Partial<ConvertCommand["choice"]>) => ({
    choice: { ...convert.choice, ...choice },
  });
  const convertCases: readonly (readonly [string, ConvertCommand])[] = [
    ["convert a.pyspy", convert],
    ["con a.pyspy -f PProf -o x", { ...convert, format: "pprof", output: "x" }],
    ["convert -o - a.pyspy b.txt -", { ...convert, inputs: ["a.pyspy", "b.txt", "-"], output: "-" }],
    ["convert a.pyspy -tsF", { ...convert, threads: true, processes: true, lines: "function" }],
    ["convert a.pyspy --nolineno", { ...convert, lines: "none" }],
    ["convert a.pyspy --full-filenames --debug", { ...convert, fullFileNames: true, debug: true }],
    ["convert a.pyspy -m GIL --torn", { ...convert, ...chosen({ mode: "gil", torn: true }) }],
    ["convert a.pyspy --from 250ms --until 1.5M", { ...convert, ...chosen({ from: 0.25, until: 90 }) }],
    ["convert a.pyspy --from 2 --until 1h", { ...convert, ...chosen({ from: 2, until: 3600 }) }],
    ["convert a.pyspy --include a|b --include ^c", { ...convert, ...chosen({ include: [/a|b/, /^c/] }) }],
    ["convert a.pyspy --exclude site-packages", { ...convert, ...chosen({ exclude: [/site-packages/] }) }],
    [
      "convert a.pyspy --include (?i)Web --include (?<a>x) --include (?<a>f)\\1 --exclude (?ss)a.b",
      {
        ...convert,
        ...chosen({ include: [/Web/i, /(?<a>x)/, /(?<a>f)\1/], exclude: [/a.b/s] }),
      },
    ],
    ["report a.pyspy", report],
    ["rep a.pyspy --top 5 -f JSON", { ...report, top: 5, format: "json" }],
    ["report a.pyspy -o x.md -m cpu", { ...report, output: "x.md", ...chosen({ mode: "cpu" }) }],
  ];
  test.each(convertCases)("pyspy %s", (line, expected) => {
    expect(parseArgs(line.split(" "))).toEqual(expected);
  });

  test.each(["-V", "--version"])("pyspy %s asks for the version", (option) => {
    expect(parseArgs([option])).toEqual({ name: "version" });
  });
});

describe("a command line that makes no sense", () => {
  const rateMessage = (text: string): string =>
    `The rate is a number of samples a second from 1 to 1000000, like 500 or 2k, not ${text}`;
  const durationMessage = (text: string): string =>
    `The duration is a time above 0, like 90, 90s or 5m, or "unlimited", not ${text}`;
  const pidMessage = (text: string): string =>
    `A process id is a positive number, decimal or hex, not ${text}`;
  const nothing =
    "Nothing to record: give a program to run or the --pid of a process; see pyspy record --help";
  const both = "Either --pid or a program to run can be recorded, not both";
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["record"], nothing],
    [["record", "--"], nothing],
    [["record", "-o", "x"], nothing],
    [["record", "-p", "1", "python"], both],
    [["record", "-p", "1", "--", "python"], both],
    [["record", "-m", "a", "python"], "Either --match or a program to run can be recorded, not both"],
    [
      ["record", "-m", "(", "python"],
      'The pattern "(" of --match is no regular expression: Unterminated group',
    ],
    [["record", "-F", "--nolineno", "x"], "Only one of --function and --nolineno can be had"],
    [["convert", "-F", "--nolineno", "x"], "Only one of --function and --nolineno can be had"],
    [["record", "-i", "--mode", "cpu", "x"], "Only one of --idle and --mode cpu can be had"],
    [["record", "-g", "--mode", "wall", "x"], "Only one of --gil and --mode wall can be had"],
    [["record", "--mode", "idle", "x"], 'The mode is cpu, wall, gil, and not "idle"'],
    [["record", "--kill", "--detach", "x"], "Only one of --kill and --detach can be had"],
    [["record", "--kill", "-p", "1"], "The option --kill is for a program that pyspy starts"],
    [["record", "--detach", "-p", "1"], "The option --detach is for a program that pyspy starts"],
    [["record", "--keep", "3", "x"], "The option --keep is for --rotate"],
    [
      ["record", "--rotate", "5s", "--keep", "0", "x"],
      'The number of files to --keep is from 1 to 1000000, not "0"',
    ],
    [
      ["record", "--rotate", "0.5", "x"],
      'The time to --rotate after is from 1s on, like 60s or 10m, not "0.5"',
    ],
    [
      ["record", "--rotate", "5s", "-o", "-", "x"],
      "With --rotate there are several files, and standard output is one",
    ],
    [["record", "--delay", "soon", "x"], 'The delay is a time like 5, 5s or 1m, not "soon"'],
    ...[
      ["record", "-n", "x"],
      ["dump", "-n", "-p", "1"],
      ["dump", "--native"],
    ].map((argv): [string[], string] => [
      argv,
      "Frames of C, C++ and Cython (--native) come with a later version of pyspy",
    ]),
    [["record", "-p", "abc"], pidMessage('"abc"')],
    [["record", "-p", "0"], pidMessage('"0"')],
    [["record", "-p", "-5"], pidMessage('"-5"')],
    [["record", "-p", "1.5"], pidMessage('"1.5"')],
    [["record", "-p", "0x"], pidMessage('"0x"')],
    [["record", "-p", "1f"], pidMessage('"1f"')],
    [["record", "-p", "99999999999"], pidMessage('"99999999999"')],
    [["record", "-p", ""], pidMessage("an empty text")],
    [["record", "-p"], "The option --pid needs a value"],
    [["record", "-r", "0", "x"], rateMessage('"0"')],
    [["record", "-r", "-1", "x"], rateMessage('"-1"')],
    [["record", "-r", "NaN", "x"], rateMessage('"NaN"')],
    [["record", "-r", "Infinity", "x"], rateMessage('"Infinity"')],
    [["record", "-r", "0.5", "x"], rateMessage('"0.5"')],
    [["record", "-r", "1000001", "x"], rateMessage('"1000001"')],
    [["record", "-r", "fast", "x"], rateMessage('"fast"')],
    [["record", "--rate=", "x"], rateMessage("an empty text")],
    [["record", "-d", "0", "x"], durationMessage('"0"')],
    [["record", "-d", "-3", "x"], durationMessage('"-3"')],
    [["record", "-d", "soon", "x"], durationMessage('"soon"')],
    [["record", "-d", "0x10", "x"], durationMessage('"0x10"')],
    [
      ["record", "-f", "gif", "x"],
      expect.stringMatching(/^The format is one of flamegraph, raw, .*, pyspy, and not "gif"$/),
    ],
    [["convert"], "No profile is named; see --help"],
    [["convert", ""], "The name of an input file is empty"],
    [["convert", "-", "-"], "Standard input can be read only once"],
    [["convert", "x", "-o", ""], "The name of the output file is empty"],
    [["report", "x", "-f", "pprof"], 'The format is one of table, markdown, json, and not "pprof"'],
    [
      ["record", "-p", "1234", "--blocking", "--nonblocking"],
      "Only one of --blocking and --nonblocking can be had",
    ],
    [["convert", "x", "--mode", "ram"], 'The mode is wall, cpu, gil, idle, and not "ram"'],
    [["convert", "x", "--from", "1d"], 'The time --from is like 90, 90s, 1.5m or 250ms, and not "1d"'],
    [["convert", "x", "--until", "-1"], 'The time --until is like 90, 90s, 1.5m or 250ms, and not "-1"'],
    [["convert", "x", "--from", ""], "The time --from is like 90, 90s, 1.5m or 250ms, and not an empty text"],
    [["convert", "x", "--until", "0"], "No time is left between --from and --until"],
    [["convert", "x", "--from", "1m", "--until", "60"], "No time is left between --from and --until"],
    [
      ["convert", "x", "--include", "a", "--include", "("],
      'The pattern "(" of --include is no regular expression: Unterminated group',
    ],
    [["report", "x", "--top", "0"], 'The number of functions to list is from 1 to 1000000, and not "0"'],
    [["report", "x", "--threads"], "Unknown option --threads"],
    [["record", "-o", "", "x"], "The name of the output file is empty"],
    [["record", "-o", "--", "x"], "The option --output needs a value"],
    [["record", "-r", "--", "x"], "The option --rate needs a value"],
    [["record", "--formt", "raw", "x"], "Unknown option --formt; did you mean --format?"],
    [["record", "-z", "x"], "Unknown option -z"],
    [["doctor", "1234"], "The command doctor takes options only, such as --pid 1234"],
    [["doctor", "-p", "abc"], pidMessage('"abc"')],
    [["doctor", "-p"], "The option --pid needs a value"],
    [["doctor", "-p", "1", "-p", "2"], "One --pid at a time can be looked into"],
    [["doctor", "--jsn"], "Unknown option --jsn; did you mean --json?"],
    [["recrod"], "Unknown command recrod; did you mean record?"],
    [["help", "recrod"], "Unknown command recrod; did you mean record?"],
    [["--bogus"], "Unknown option --bogus"],
  ];
  test.each(cases)("pyspy %j", (argv, message) => {
    const error = thrownBy(() => parseArgs(argv));
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({ code: "usage", message });
  });
});

describe("the help", () => {
  test.each([[["--help"]], [["-h"]], [["help"]], [["help", "help"]]])("of pyspy answers %j", (argv) => {
    expect(help(argv)).toMatchObject({
      asked: true,
      text: expect.stringContaining("record   draw a flame graph"),
    });
  });

  test.each([[["record", "--help"]], [["rec", "-h"]], [["help", "record"]], [["help", "r"]]])(
    "of record answers %j",
    (argv) => {
      expect(help(argv)).toMatchObject({
        asked: true,
        text: expect.stringContaining("pyspy record [options] --pid"),
      });
    },
  );

  test("of record does not show what is there for the sake of py-spy's users", () => {
    const { text } = help(["record", "--help"]);
    expect(text).toContain("--subprocesses");
    expect(text).not.toMatch(/--capture|--hideprogress|--native/);
    expect(help(["dump", "--help"]).text).not.toContain("--native");
  });

  test.each([[["doctor", "--help"]], [["doc", "-h"]], [["help", "do"]]])("of doctor answers %j", (argv) => {
    expect(help(argv)).toMatchObject({
      asked: true,
      text: expect.stringContaining("pyspy doctor [options]"),
    });
  });

  test("answers a bare pyspy, too, which is a mistake", () => {
    expect(parseArgs([])).toEqual({ ...help(["--help"]), asked: false });
  });

  test("fits into 80 columns", () => {
    for (const argv of ["", "record", "dump", "convert", "report", "doctor"].map((name) =>
      [name, "--help"].filter(Boolean),
    )) {
      for (const line of help(argv).text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    }
  });

  test("has colours only where they are wanted", () => {
    const coloured = parseArgs(["--help"], createStyle(true));
    expect(coloured).toMatchObject({ text: expect.stringContaining("\x1b[1mUsage:\x1b[22m") });
    expect(help(["--help"]).text).not.toContain("\x1b");
  });
});

function help(argv: readonly string[]): { readonly text: string; readonly asked: boolean } {
  const command = parseArgs(argv);
  if (command.name !== "help") throw new Error(`no help but ${command.name}`);
  return command;
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("dump", () => {
  const shown: Omit<DumpCommand, "target"> = {
    ...{ name: "dump", locals: 0, redact: undefined, source: false, fullFileNames: false, fold: true },
    ...{ json: false, repeat: undefined, interval: 1, blocking: false, tasks: false, debug: false },
  };
  const processes = (...pids: number[]): DumpCommand["target"] => ({
    ...{ kind: "processes", pids, match: undefined, subprocesses: false },
  });
  const core = {
    kind: "core",
    path: "x",
    executable: undefined,
    sysroot: undefined,
    librarySearchPath: [],
  } as const;
  const cases: readonly (readonly [string, Partial<DumpCommand>])[] = [
    ["dump", { target: { kind: "list" } }],
    ["dump -j", { target: { kind: "list" }, json: true }],
    ["d -p 1234", { target: processes(1234) }],
    ["dump --pid 0x4D2", { target: processes(1234) }],
    ["dump -p 1 -p 2 -p 1", { target: processes(1, 2) }],
    ["dump -p 1 -l", { target: processes(1), locals: 1 }],
    ["dump -p 1 -ll --locals", { target: processes(1), locals: 3 }],
    ["dump -lljp 1", { target: processes(1), locals: 2, json: true }],
    ["dump -p 1 -l --redact pass --redact key", { target: processes(1), locals: 1, redact: [/pass/, /key/] }],
    [
      "dump -p 1 --no-fold --source --full-filenames",
      { target: processes(1), fold: false, source: true, fullFileNames: true },
    ],
    ["dump -p 1 --async", { target: processes(1), tasks: true }],
    ["dump -p 1 --nonblocking", { target: processes(1) }],
    ["dump -p 1 --blocking", { target: processes(1), blocking: true }],
    ["dump -p 1 --repeat 5 --interval .5", { target: processes(1), repeat: 5, interval: 0.5 }],
    ["dump -p 1 -s", { target: { kind: "processes", pids: [1], match: undefined, subprocesses: true } }],
    ["dump -m (?i)App", { target: { kind: "processes", pids: [], match: [/App/i], subprocesses: false } }],
    ["dump --match app", { target: { kind: "processes", pids: [], match: [/app/], subprocesses: false } }],
    ["dump -c x", { target: core }],
    [
      "dump --core x --executable e --sysroot s --lib-search-path a --lib-search-path b",
      { target: { ...core, executable: "e", sysroot: "s", librarySearchPath: ["a", "b"] } },
    ],
  ];
  test.each(cases)("pyspy %s", (line, expected) => {
    expect(parseArgs(line.split(" "))).toEqual({ ...shown, ...expected });
  });

  test.each([
    ["dump -p x", 'A process id is a positive number, decimal or hex, not "x"'],
    ["dump --match (", /^The pattern "\(" of --match is no regular expression: /],
    ["dump -p 1 -l --redact [", /^The pattern "\[" of --redact is no regular expression: /],
    ["dump -p 1 -l --redact (?ix)a", /^The pattern "\(\?ix\)a" of --redact is no regular expression: /],
    ["dump -p 1 --redact x", "The option --redact is for --locals"],
    ["dump -p 1 -c x", "Either processes or a core file can be looked into, not both"],
    ["dump -c x -s", "A core file is of one process: --subprocesses is for processes"],
    ["dump -c x --repeat 2", "A core file stays as it is: --repeat is for processes"],
    ["dump -c x --blocking", "A core file stands still: --blocking is for processes"],
    ["dump -p 1 --blocking --nonblocking", "Only one of --blocking and --nonblocking can be had"],
    ["dump -s", "The option --subprocesses is for --pid or --match"],
    ["dump -p 1 --sysroot x", "The options --executable, --sysroot and --lib-search-path are for --core"],
    ["dump -p 1 --repeat 0", 'The number of looks is from 1 to 1000000, and not "0"'],
    ["dump -p 1 --repeat 2 --interval -1", 'The interval is a number of seconds up to 86400, and not "-1"'],
    ["dump -p 1 --interval 1", "The option --interval is for --repeat"],
    ["dump 1234", "The command dump takes options only, such as --pid 1234"],
  ] as const)("pyspy %s makes no sense", (line, message) => {
    expect(() => parseArgs(line.split(" "))).toThrow(
      expect.objectContaining({
        code: "usage",
        message: typeof message === "string" ? message : expect.stringMatching(message),
      }),
    );
  });
});
