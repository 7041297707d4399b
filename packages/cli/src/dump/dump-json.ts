import type { LocalVariable, StackFrame } from "@pyspy/stack-sampler";
import type { DumpedProcess, DumpedTask, DumpedThread } from "./dumped.js";
import { ShortNames } from "./file-names.js";
import { SourceLines } from "./source-lines.js";
import { doingOf } from "./thread-state.js";

/**
 * A dump as py-spy's `dump --json` has it, newest thread of each process first, with names of our own beside py-spy's.
 * `schema/dump.schema.json` describes it; what is undefined becomes null.
 */
export function dumpJson(
  processes: readonly DumpedProcess[],
  options: { readonly source: boolean },
): unknown[] {
  return processes.flatMap((process) => {
    const files: ProcessFiles = {
      names: new ShortNames((path) => process.openFile(path)),
      sources: options.source ? new SourceLines(process) : undefined,
    };
    const info = processJson(process, files);
    return process.threads.toReversed().map((thread) => threadJson(process, thread, info, files));
  });
}

interface ProcessFiles {
  readonly names: ShortNames;
  readonly sources: SourceLines | undefined;
}

interface ProcessJson {
  readonly pid: number;
  readonly command_line: string;
  readonly parent: ProcessJson | undefined;
  readonly executable: string | undefined;
  readonly python_versions: readonly string[];
  readonly stopped: boolean;
  readonly stop_time_ns: number;
  readonly notes: readonly string[];
  /** Those that no thread runs. */
  readonly tasks: readonly unknown[] | undefined;
}

function processJson(process: DumpedProcess, files: ProcessFiles): ProcessJson {
  const { pid, commandLine, parent, executable, versions, isStopped, stopTime, notes, tasks } = process;
  return {
    pid,
    command_line: commandLine.join(" "),
    parent: parent && processJson(parent, files),
    executable,
    python_versions: versions,
    stopped: isStopped,
    stop_time_ns: stopTime ?? 0,
    notes,
    tasks: tasks?.filter(({ thread }) => thread === undefined).map((task) => taskJson(task, tasks, files)),
  };
}

function threadJson(
  process: DumpedProcess,
  thread: DumpedThread,
  info: ProcessJson,
  files: ProcessFiles,
): unknown {
  const { name, tid, pythonId, interpreter } = thread.thread;
  const { active, holdsGil, wantsGil, collecting, torn } = doingOf(thread);
  return {
    pid: process.pid,
    thread_id: pythonId,
    thread_name: name === "" ? null : name,
    os_thread_id: tid === 0 ? null : tid,
    // A core does not tell it.
    active: active && process.core === undefined,
    owns_gil: holdsGil,
    frames: thread.frames.map((frame) => frameJson(frame, files)),
    process_info: info,
    interpreter,
    waits_for_gil: wantsGil,
    collecting_garbage: collecting,
    changed_while_read: torn,
    unreadable: thread.isUnreadable,
    moved: thread.hasMoved,
    ran: thread.hasRun,
    cpu_time_ns: thread.cpuTime < 0 ? null : thread.cpuTime,
    signal: thread.isSignalled ? process.core?.signal : null,
    tasks: process.tasks
      ?.filter((task) => isOf(task, thread))
      .map((task) => taskJson(task, process.tasks ?? [], files)),
  };
}

function isOf(task: DumpedTask, { thread }: DumpedThread): boolean {
  return task.thread?.pythonId === thread.pythonId && task.thread.interpreter === thread.interpreter;
}

function taskJson(task: DumpedTask, all: readonly DumpedTask[], files: ProcessFiles): unknown {
  const { kind, name, address, state, changed, awaitedBy, frames } = task;
  return {
    kind,
    name: name === "" ? null : name,
    id: address,
    state,
    changed_while_read: changed,
    moved: task.hasMoved,
    awaited_by: awaitedBy.map((place) => all[place]?.address),
    frames: frames.map((frame) => frameJson(frame, files)),
  };
}

function frameJson(frame: StackFrame, { names, sources }: ProcessFiles): unknown {
  const { name, file, firstLine, kind } = frame.function;
  const { qualname, line, column, endLine, endColumn, isEntry, isShimEntry, locals } = frame;
  const source = sources?.line(file, line);
  return {
    name,
    filename: file,
    module: null,
    short_filename: file === "" ? null : names.of(file),
    line,
    locals: locals?.variables.map(localJson),
    is_entry: isEntry,
    is_shim_entry: isShimEntry,
    qualname,
    kind,
    first_line: firstLine,
    column,
    end_line: endLine,
    end_column: endColumn,
    locals_changed: locals?.changed,
    source: source?.text,
    source_changed: source?.hasChanged,
  };
}

function localJson({ name, kind, address, value }: LocalVariable): unknown {
  return {
    name,
    addr: address,
    arg: kind === "argument",
    repr: value.text,
    kind,
    type: value.type,
    complete: value.complete,
  };
}
