import type { ExitStatus } from "./exit-status.js";
import type { MemoryMap } from "./maps.js";
import type { MemoryReader } from "./memory-reader.js";
import type { ThreadActivity, ThreadState } from "./thread-activity.js";

/** A process id, as seen from here. */
export type Pid = number;
/** A kernel thread id, as seen from here. */
export type Tid = number;

/** What can be read of a process, whether it runs or is a core file. */
export interface ProcessView {
  readonly pid: Pid;
  readonly memory: MemoryReader;
  /** What is mapped now, by ascending address. Reads it anew at every call. */
  maps(): readonly MemoryMap[];
  /** Path of the executable as the target's system knows it, without a " (deleted)" mark. */
  readonly executable: string | undefined;
  /** The command line, one string an argument. */
  readonly commandLine: readonly string[];
  /** Kernel ids of the threads that exist now. */
  threads(): readonly Tid[];
  /**
   * Opens the file that is behind `map`: that very file, by device and inode, never another one that has
   * taken its path. Undefined if it cannot be had (deleted, no permission); its bytes may then
   * still be in memory. The caller closes it.
   */
  openMappedFile(map: MemoryMap): MappedFile | undefined;
  /** Opens a file by its path as the process sees it, in its own root or working directory; undefined if it cannot be had. The caller closes it. */
  openFile(path: string): MappedFile | undefined;
  close(): void;
  [Symbol.dispose](): void;
}

/** A file that a process has mapped. Has the shape of binary-symbols' `ByteSource`. */
export interface MappedFile {
  readonly size: number;
  /** When it was last written to, where that is known. */
  readonly modified?: Date;
  /** Bytes [offset, offset + length) of the file, fewer at its end. They may be put into `room`, which is at least as long. */
  read(offset: number, length: number, room?: Uint8Array): Uint8Array;
  close(): void;
}

/** What only a running process has. */
export interface LiveProcess extends ProcessView {
  /** When the process started, in clock ticks since boot: with the pid it names one process for good. */
  readonly startTime: number;
  /** Parent's pid, or undefined once the process is gone. */
  parent(): Pid | undefined;
  /** False once all of its threads have begun to exit, also while it is a zombie that nobody has reaped. */
  isAlive(): boolean;
  /** How it has exited, if that was with another code than 0, nobody has reaped it, and this user may know. */
  exitStatus(): ExitStatus | undefined;
  /** Bytes of its memory that are in the machine's now; undefined if that is not known. */
  residentBytes(): number | undefined;
  /** What the scheduler says of a thread now; undefined when the thread is gone. */
  threadState(tid: Tid): ThreadState | undefined;
  /** A thread to be looked at again and again; not looked at yet. The caller closes it. */
  thread(tid: Tid): ThreadActivity;
  /**
   * The name that the operating system has for a thread; undefined when it is gone. A thread that was given none has that of
   * the thread that started it. Cut off by the system: after 15 bytes on Linux.
   */
  threadName(tid: Tid): string | undefined;
  /**
   * The process's ids from the pid namespace that we see it in to its own: the first is {@link ProcessView.pid}, the
   * last is what it calls itself. Just the one if it is not in a pid namespace inside ours.
   */
  readonly namespacePids: readonly Pid[];
  /**
   * The id, as seen from here, of the thread that calls itself `innerTid` in the process's own pid namespace (what
   * `gettid` says there). Undefined if there is no such thread now. `innerTid` itself, unchecked and at no cost, if the
   * namespaces are the same; else it costs a small file, or one for every thread when it is not known yet.
   */
  hostThreadId(innerTid: Tid): Tid | undefined;
}
