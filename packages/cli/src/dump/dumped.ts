import type { AsyncTask, EndSignal, MappedFile, StackFrame, ThreadStack } from "@pyspy/stack-sampler";

/** A process of which stacks are shown, running or in a core file. */
export interface DumpedProcess {
  readonly pid: number;
  readonly commandLine: readonly string[];
  readonly executable: string | undefined;
  /** Versions of the Pythons in it. */
  readonly versions: readonly string[];
  /** What started it, if that is shown too. */
  readonly parent: DumpedProcess | undefined;
  readonly isStopped: boolean;
  /** Nanoseconds for which threads were stopped to be read; undefined if that was not asked for. */
  readonly stopTime: number | undefined;
  readonly startedAt: Date | undefined;
  /** Undefined for running ones. */
  readonly core: DumpedCore | undefined;
  /** The main thread first. */
  readonly threads: readonly DumpedThread[];
  /** Undefined if they were not asked for. */
  readonly tasks: readonly DumpedTask[] | undefined;
  /** What there is to know besides, a sentence each. */
  readonly notes: readonly string[];
  /** Opens a file as the process sees it. */
  openFile(path: string): MappedFile | undefined;
}

export interface DumpedCore {
  readonly path: string;
  /** What ended the process. */
  readonly signal: EndSignal | undefined;
  /** It does not tell which process it is of, nor what ended it. */
  readonly lacksNotes: boolean;
}

export interface DumpedThread extends ThreadStack {
  /** The signal that ended the process was this thread's. */
  readonly isSignalled: boolean;
  /** Whether its stack is another one, by functions and lines, than at the look before; undefined at the first look. */
  readonly hasMoved: boolean | undefined;
  /** Whether it has run since the look before, be it on the same lines; undefined at the first look. */
  readonly hasRun: boolean | undefined;
  /** Time on processors since the look before; undefined at the first look, and if that is not known. */
  readonly cpuUsed: number | undefined;
}

export interface DumpedTask extends AsyncTask {
  /** Whether it waits at another place, or does something else, than at the look before; undefined at the first look. */
  readonly hasMoved: boolean | undefined;
}

/** What tells a thread from all others of its process, for as long as it lives. */
export function threadKey({ pid }: DumpedProcess, { thread }: ThreadStack): string {
  return `${pid} ${thread.tid} ${thread.interpreter} ${thread.pythonId}`;
}

/** What is the same for two stacks if and only if they are at the same lines: within a line it goes to and fro. */
export function stackKey({ frames }: Pick<ThreadStack, "frames">): string {
  return frames.map(frameKey).join("\n");
}

export function frameKey({ function: { file }, qualname, line }: StackFrame): string {
  return `${file}\n${qualname}\n${line}`;
}

/** How people call a thread: the kernel's id, or Python's own in hex if that is not known. */
export function threadId({ thread }: ThreadStack): string {
  return thread.tid > 0 ? String(thread.tid) : `0x${thread.pythonId.toString(16).toUpperCase()}`;
}
