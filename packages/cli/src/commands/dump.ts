import type { Core } from "@pyspy/stack-sampler";
import { dumpJson } from "../dump/dump-json.js";
import { type DumpTextOptions, dumpText } from "../dump/dump-text.js";
import type { DumpedProcess } from "../dump/dumped.js";
import { MovementWatch } from "../dump/movement.js";
import { movementText, stillText } from "../dump/movement-text.js";
import { dumpedCore, inspectOptions, type Looks } from "../dump/open-targets.js";
import { OpenedProcesses } from "../dump/opened-processes.js";
import { deniedMessage, pythonListJson, pythonListText } from "../dump/python-list.js";
import type { DumpCommand, DumpTarget } from "../dump-arguments.js";
import type { Ending } from "../ending.js";
import { printableJson } from "../terminal/printable.js";
import type { Style } from "../terminal/style.js";
import type { Terminal } from "../terminal/terminal.js";

/** What a dump needs of the world. */
export interface DumpSurroundings {
  readonly looks: Looks;
  readonly terminal: Pick<Terminal, "say" | "warn" | "fail">;
  /** Tells a person about a failure. */
  readonly report: (error: unknown) => Promise<void>;
  /** Of standard output. */
  readonly style: Style;
  /** Of standard output. To ask a terminal loads what speaks to networks. */
  readonly columns: () => number;
  /** To standard output; false if nobody reads any more. */
  readonly write: (text: string) => boolean;
  readonly pause: (seconds: number) => Promise<void>;
}

/** Shows the stacks of programs, or of a core file: with code 1 if those of one that was asked for cannot be shown. */
export async function dump(command: DumpCommand, surroundings: DumpSurroundings): Promise<Ending> {
  const { target } = command;
  switch (target.kind) {
    case "list":
      return list(command, surroundings);
    case "core":
      return dumpCore(target, command, surroundings);
    case "processes":
      return dumpProcesses(target, command, surroundings);
  }
}

async function list({ json }: DumpCommand, surroundings: DumpSurroundings): Promise<Ending> {
  const { looks, terminal, style, columns, write } = surroundings;
  const found = await looks.listPythonProcesses();
  const denied = deniedMessage(found);
  if (json) write(`${printableJson(pythonListJson(found))}\n`);
  else if (found.processes.length > 0) write(pythonListText(found, style, columns()));
  else terminal.fail("No Python is running that may be looked into");
  if (denied !== undefined) terminal.say(denied);
  if (found.processes.length > 0 && !json) terminal.say("Look into one with pyspy dump --pid PID");
  return { code: found.processes.length > 0 ? 0 : 1 };
}

async function dumpCore(
  { path, executable, sysroot, librarySearchPath }: Extract<DumpTarget, { kind: "core" }>,
  command: DumpCommand,
  surroundings: DumpSurroundings,
): Promise<Ending> {
  const options = inspectOptions(command);
  using core: Core = await surroundings.looks.openCore(path, {
    ...options,
    ...(executable !== undefined && { executable }),
    ...(sysroot !== undefined && { sysroot }),
    librarySearchPath,
  });
  show([dumpedCore(core, options)], command, surroundings);
  for (const warning of core.warnings) surroundings.terminal.warn(warning);
  if (core.problem !== undefined) await surroundings.report(core.problem);
  return { code: core.problem === undefined ? 0 : 1 };
}

async function dumpProcesses(
  target: Extract<DumpTarget, { kind: "processes" }>,
  command: DumpCommand,
  surroundings: DumpSurroundings,
): Promise<Ending> {
  const pids = await pidsOf(target, surroundings);
  if (pids.length === 0) return { code: 1 };
  using opened = await OpenedProcesses.open(surroundings.looks, pids, target.subprocesses);
  const watch = new MovementWatch();
  let failed = false;
  for (let look = 0; look < (command.repeat ?? 1); look++) {
    if (look > 0) await surroundings.pause(command.interval);
    const { processes, problems, departed } = await opened.look(inspectOptions(command));
    for (const problem of problems) await surroundings.report(problem);
    if (look === 0) failed = problems.length > 0;
    for (const pid of departed)
      surroundings.terminal.warn(`Process ${pid} has exited or runs no Python any more`);
    if (processes.length === 0 && (look === 0 || departed.length > 0)) break;
    if (!showLook(watch.take(processes), watch, command, surroundings)) break;
  }
  if (watch.looks > 1 && !command.json) {
    surroundings.write(stillText(watch, textOptions(command, surroundings)));
  }
  return { code: failed ? 1 : 0 };
}

async function pidsOf(
  { pids, match }: Extract<DumpTarget, { kind: "processes" }>,
  { looks, terminal }: DumpSurroundings,
): Promise<readonly number[]> {
  if (match === undefined) return pids;
  const isMeant = (words: readonly string[]) => match.some((pattern) => pattern.test(words.join(" ")));
  const found = await looks.listPythonProcesses(isMeant);
  const all = [...new Set([...pids, ...found.processes.map(({ pid }) => pid)])];
  if (all.length === 0) {
    terminal.fail(`No Python that may be looked into has a command line like ${match.join(" or ")}`);
  }
  const denied = deniedMessage(found, " with such command lines");
  if (denied !== undefined) terminal.say(denied);
  return all;
}

/** False if nobody reads any more. */
function showLook(
  processes: readonly DumpedProcess[],
  watch: MovementWatch,
  command: DumpCommand,
  surroundings: DumpSurroundings,
): boolean {
  const movement = watch.since(processes);
  if (watch.looks === 1 || command.json) return show(processes, command, surroundings);
  const seconds = command.interval * (watch.looks - 1);
  const options = textOptions(command, surroundings);
  return surroundings.write(movementText(movement, processes, seconds, options));
}

function show(
  processes: readonly DumpedProcess[],
  command: DumpCommand,
  surroundings: DumpSurroundings,
): boolean {
  if (!command.json) return surroundings.write(dumpText(processes, textOptions(command, surroundings)));
  for (const { threads, pid, notes } of processes) {
    // They have no thread to be told with.
    if (threads.length === 0) for (const note of notes) surroundings.terminal.say(`Process ${pid}: ${note}`);
  }
  const shape = command.repeat === undefined ? "indented" : "one line";
  return surroundings.write(`${printableJson(dumpJson(processes, command), shape)}\n`);
}

function textOptions(
  { fullFileNames, source, fold }: DumpCommand,
  { style, columns }: DumpSurroundings,
): DumpTextOptions {
  return { fullFileNames, source, fold, style, columns };
}
