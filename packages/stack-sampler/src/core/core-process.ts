import type { ByteSource, CoreFile } from "@pyspy/binary-symbols";
import type {
  LiveProcess,
  MappedFile,
  MemoryMap,
  MemoryReader,
  Pid,
  ThreadActivity,
  ThreadState,
  Tid,
} from "@pyspy/proc-memory";
import { BinaryFiles } from "./binary-files.js";
import { commandLineIn } from "./command-line.js";
import { coreMaps, withoutDeletedMark } from "./core-maps.js";
import { CoreMemory } from "./core-memory.js";
import type { FilePlaces } from "./file-places.js";
import { recoveredMappings } from "./recovered-mappings.js";

/** Where the program begins, which is in its own file and not in the loader's. */
const AT_ENTRY = 9;

/** A process in its core file: it answers as a running one does that stands still. */
export class CoreProcess implements LiveProcess {
  readonly pid: Pid;
  readonly memory: MemoryReader;
  readonly executable: string | undefined;
  readonly commandLine: readonly string[];
  readonly files: BinaryFiles;
  /** A core does not tell it. */
  readonly startTime = 0;
  readonly #core: CoreFile;
  readonly #maps: readonly MemoryMap[];
  readonly #tids: ReadonlySet<Tid>;

  /** `source` must stay open as long as the process is used. */
  constructor(source: ByteSource, told: CoreFile, places: FilePlaces) {
    const inCore = new CoreMemory(source, told, told.process?.pid ?? 0);
    // A process that maps no file has not begun.
    const mappings = told.mappings.length > 0 ? told.mappings : recoveredMappings(told, inCore, places);
    const core = { ...told, mappings };
    this.#core = core;
    this.#tids = new Set(core.threads.map(({ tid }) => tid));
    this.pid = core.process?.pid ?? core.threads[0]?.tid ?? 0;
    this.#maps = coreMaps(core);
    const entry = core.auxiliaryVector.get(AT_ENTRY) ?? 0;
    const program = this.#maps.find(({ start, end }) => start <= entry && entry < end);
    const isProgramKnown = mappings.some(({ path }) => path === places.executable);
    this.executable = program?.path || (isProgramKnown ? places.executable : undefined);
    const memory = new CoreMemory(source, core, this.pid);
    this.files = new BinaryFiles(places, { memory, maps: this.#maps, executable: this.executable });
    this.memory = new CoreMemory(source, core, this.pid, (path) =>
      this.files.binary(withoutDeletedMark(path)),
    );
    this.commandLine =
      commandLineIn(memory, core) ?? core.process?.commandLine.split(" ").filter(Boolean) ?? [];
  }

  maps(): readonly MemoryMap[] {
    return this.#maps;
  }

  threads(): readonly Tid[] {
    return [...this.#tids];
  }

  openMappedFile({ path }: MemoryMap): MappedFile | undefined {
    const file = this.files.binary(path);
    // It stays open: memory is read from it, too.
    return file && { size: file.size, read: (offset, length) => file.read(offset, length), close: () => {} };
  }

  openFile(path: string): MappedFile | undefined {
    return this.files.open(path);
  }

  get namespacePids(): readonly Pid[] {
    return [this.pid];
  }

  hostThreadId(innerTid: Tid): Tid | undefined {
    // Without notes there is only what Python knows.
    return this.#tids.size === 0 || this.#tids.has(innerTid) ? innerTid : undefined;
  }

  parent(): Pid | undefined {
    return this.#core.process?.parentPid;
  }

  isAlive(): boolean {
    return true;
  }

  exitStatus(): undefined {
    return undefined;
  }

  threadState(): ThreadState {
    return "stopped";
  }

  thread(tid: Tid): ThreadActivity {
    return new CoreThreadActivity(tid);
  }

  /** Not in a core. */
  residentBytes(): undefined {
    return undefined;
  }

  /** Not in a core. */
  threadName(): undefined {
    return undefined;
  }

  close(): void {
    this.files.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What threads were doing is not in a core, and they do nothing any more. */
class CoreThreadActivity implements ThreadActivity {
  readonly tid: Tid;
  readonly state = "stopped";
  readonly cpuTime = -1;
  readonly queueTime = -1;
  readonly hasRun = false;

  constructor(tid: Tid) {
    this.tid = tid;
  }

  look(): void {}

  glance(): void {}

  futex(): undefined {
    return undefined;
  }

  close(): void {}

  [Symbol.dispose](): void {}
}
