import type {
  Core,
  CoreOptions,
  CoreThread,
  Inspection,
  InspectOptions,
  LocalsOptions,
  PythonProcesses,
  ThreadStack,
  TreeMember,
} from "@pyspy/stack-sampler";
import type { DumpCommand } from "../dump-arguments.js";
import { counted } from "../terminal/counted.js";
import type { DumpedProcess } from "./dumped.js";

/** How processes and cores are looked into. */
export interface Looks {
  readonly inspect: (pid: number) => Promise<Inspection>;
  readonly openCore: (path: string, options: CoreOptions) => Promise<Core>;
  readonly listPythonProcesses: (
    isWanted?: (commandLine: readonly string[]) => boolean,
  ) => Promise<PythonProcesses>;
  readonly processTree: (pid: number) => readonly TreeMember[];
}

/** Characters of a value for each time that variables are asked for, as of py-spy. */
const CHARACTERS = 128;

export function inspectOptions({ locals, redact, blocking, tasks }: DumpCommand): InspectOptions {
  if (locals === 0) return { blocking, tasks };
  const options: LocalsOptions = {
    characters: CHARACTERS * locals,
    attributes: locals - 1,
    ...(redact !== undefined && { redact }),
  };
  return { locals: options, blocking, tasks };
}

/** A process that was to be opened: it is, or there is a reason why not. */
export interface OpenedProcess extends TreeMember {
  readonly inspection: Inspection | undefined;
  readonly problem: unknown;
}

/** Opens a process and, where asked to, all that it has started. */
export async function openTree(
  { inspect, processTree }: Looks,
  pid: number,
  subprocesses: boolean,
): Promise<readonly OpenedProcess[]> {
  const members = subprocesses ? processTree(pid) : [{ pid, parent: undefined, commandLine: [] }];
  return Promise.all(
    members.map(async (member): Promise<OpenedProcess> => {
      try {
        return { ...member, inspection: await inspect(member.pid), problem: undefined };
      } catch (problem) {
        return { ...member, inspection: undefined, problem };
      }
    }),
  );
}

/** One look at a process. */
export async function lookAt(
  inspection: Inspection,
  parent: DumpedProcess | undefined,
  options: InspectOptions,
): Promise<DumpedProcess> {
  const { pid, commandLine, executable, isStopped, startedAt, pythons } = inspection;
  const { threads, tasks, taskProblem, unreadable, stopped, unstopped } = await inspection.look(options);
  return {
    ...{ pid, commandLine, executable, parent, isStopped, startedAt, core: undefined },
    stopTime: options.blocking === true ? stopped : undefined,
    versions: pythons.map(({ version }) => version),
    threads: mainFirst(threads, pid).map((thread) => ({ ...unseenBefore(thread), isSignalled: false })),
    tasks: options.tasks === true ? tasks.map(unmoved) : undefined,
    notes: [
      ...unreadableNotes(unreadable),
      ...(options.blocking === true ? stopNotes(stopped, unstopped) : []),
      ...(taskProblem === undefined ? [] : [taskProblem]),
    ],
    openFile: (path) => inspection.openFile(path),
  };
}

/** Of a process that is not looked into. */
const nothingKnown: Omit<DumpedProcess, "pid" | "commandLine"> = {
  executable: undefined,
  parent: undefined,
  isStopped: false,
  stopTime: undefined,
  startedAt: undefined,
  core: undefined,
  versions: [],
  threads: [],
  tasks: undefined,
  notes: [],
  openFile: () => undefined,
};

/** A process that has no stacks to show: what it is not. */
export function withoutStacks(
  pid: number,
  parent: DumpedProcess | undefined,
  commandLine: readonly string[],
  note: string,
): DumpedProcess {
  return { ...nothingKnown, pid, commandLine, parent, notes: [note] };
}

export function dumpedCore(core: Core, { tasks }: InspectOptions): DumpedProcess {
  const { pid, commandLine, executable, pythons, path, signal, lacksNotes } = core;
  return {
    ...nothingKnown,
    pid,
    commandLine,
    executable,
    core: { path, signal, lacksNotes },
    versions: pythons.map(({ version }) => version),
    threads: mainFirst<CoreThread>(core.threads, pid).map(unseenBefore),
    tasks: tasks === true ? core.tasks.map(unmoved) : undefined,
    openFile: (file) => core.openFile(file),
  };
}

function unseenBefore<Stack>(stack: Stack): Stack & Record<"hasMoved" | "hasRun" | "cpuUsed", undefined> {
  return { ...unmoved(stack), hasRun: undefined, cpuUsed: undefined };
}

/** Whether it has moved will be known after another look. */
function unmoved<Stack>(stack: Stack): Stack & { readonly hasMoved: undefined } {
  return { ...stack, hasMoved: undefined };
}

function mainFirst<Thread extends ThreadStack>(threads: readonly Thread[], pid: number): Thread[] {
  const isMain = ({ thread }: Thread): boolean => thread.tid === pid && thread.interpreter === 0;
  return threads.toSorted((left, right) => Number(isMain(right)) - Number(isMain(left)));
}

function unreadableNotes(unreadable: number): string[] {
  if (unreadable === 0) return [];
  return [`${counted(unreadable, "stack")} could not be read`];
}

function stopNotes(nanoseconds: number, unstopped: number): string[] {
  const notes: string[] = [];
  if (nanoseconds > 0) notes.push(`Stopped for ${(nanoseconds / 1e6).toFixed(2)} ms while it was read`);
  else if (unstopped === 0) notes.push("Nothing had to be stopped: no thread ran while it was read");
  if (unstopped > 0) {
    const threads = `${counted(unstopped, "thread")} could not be stopped`;
    notes.push(`${threads}: what is shown of ${unstopped === 1 ? "it" : "them"} may be of another moment`);
  }
  return notes;
}
