import type {
  AsyncTask,
  Core,
  Inspection,
  LocalVariable,
  StackFrame,
  ThreadStack,
  TreeMember,
} from "@pyspy/stack-sampler";
import { SamplerError, SampleState } from "@pyspy/stack-sampler";
import type { DumpSurroundings } from "../../src/commands/dump.js";
import { createStyle } from "../../src/terminal/style.js";

export { SampleState } from "@pyspy/stack-sampler";

/** `name file:line`, as in `work /app/worker.py:3`, or with a column behind the line. */
export function frame(text: string, variables?: Readonly<Record<string, string>>): StackFrame {
  const [, qualname = "", file = "", line = "0", column = "5"] =
    /^(\S+) (.*?)(?::(\d+))?(?::(\d+))?$/.exec(text) ?? [];
  const name = qualname.slice(qualname.lastIndexOf(".") + 1);
  return {
    function: { name, qualname, file, module: "", firstLine: 1, kind: "python" },
    ...{ qualname, line: Number(line), column: Number(column), endLine: Number(line), endColumn: 9 },
    ...{ isEntry: true, isShimEntry: false },
    locals: variables && {
      variables: Object.entries(variables).map(variable),
      changed: "changed" in variables,
    },
  };
}

function variable([name, text]: readonly [string, string]): LocalVariable {
  const kind = name.startsWith("arg") ? "argument" : "local";
  return { name, kind, address: 4096, value: { text, type: "str", complete: true } };
}

export function thread(
  tid: number,
  name: string,
  frames: readonly StackFrame[],
  state: number = 0,
  cpuTime = 0,
): ThreadStack {
  return {
    thread: { process: 0, tid, pythonId: 0x7f00 + tid, name, interpreter: 0 },
    state,
    frames,
    isUnreadable: false,
    cpuTime,
  };
}

/** Of thread 7 if nothing else is said; its address is 0x1000 and its place in the list that is made. */
export function task(
  name: string,
  state: AsyncTask["state"],
  frames: readonly string[],
  facts: Partial<Pick<AsyncTask, "kind" | "awaitedBy" | "changed">> & { thread?: number | undefined } = {},
): Omit<AsyncTask, "address"> {
  const tid = "thread" in facts ? facts.thread : 7;
  return {
    ...{ kind: facts.kind ?? "task", name, state, frames: frames.map((text) => frame(text)) },
    thread: tid === undefined ? undefined : thread(tid, "", []).thread,
    changed: facts.changed ?? false,
    awaitedBy: facts.awaitedBy ?? [],
  };
}

/** A process of which each look brings the next of `looks`, and the last one again and again. */
export class FakeProcess implements Inspection {
  readonly pid: number;
  readonly parent = undefined;
  readonly startedAt = new Date("2026-01-31T12:00:00Z");
  readonly executable = "/usr/bin/python3";
  readonly commandLine: readonly string[];
  readonly pythons = [{ version: "3.12.1", image: "/usr/bin/python3" }];
  readonly files = new Map<string, { readonly text: string; readonly modified?: Date }>();
  tasks: readonly Omit<AsyncTask, "address">[] = [];
  /** From the second look on, if they are others then. */
  nextTasks: readonly Omit<AsyncTask, "address">[] | undefined;
  isStopped = false;
  /** What `blocking` has done. */
  stop = { stopped: 0, unstopped: 0 };
  isClosed = false;
  readonly #looks: (readonly ThreadStack[])[];

  constructor(pid: number, commandLine: readonly string[], ...looks: readonly (readonly ThreadStack[])[]) {
    this.pid = pid;
    this.commandLine = commandLine;
    this.#looks = [...looks];
  }

  async look(): ReturnType<Inspection["look"]> {
    const threads = this.#looks.length > 1 ? this.#looks.shift() : this.#looks[0];
    if (threads === undefined || threads.length === 0) {
      throw new SamplerError("exited", `Process ${this.pid} has exited`, { pid: this.pid });
    }
    const tasks = this.tasks.map((one, place) => ({ ...one, address: 0x1000 + place }));
    this.tasks = this.nextTasks ?? this.tasks;
    return { threads, tasks, taskProblem: undefined, unreadable: 0, ...this.stop };
  }

  openFile(path: string): ReturnType<Inspection["openFile"]> {
    const file = this.files.get(path);
    if (file === undefined) return undefined;
    const bytes = Buffer.from(file.text);
    return {
      size: bytes.length,
      ...(file.modified !== undefined && { modified: file.modified }),
      read: (offset, length) => bytes.subarray(offset, offset + length),
      close: () => {},
    };
  }

  close(): void {
    this.isClosed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A world with these processes, and what has been said in it. */
export class FakeWorld {
  output = "";
  core: Core | undefined;
  readonly said: string[] = [];
  readonly pauses: number[] = [];
  readonly #processes: readonly FakeProcess[];
  readonly #tree: readonly TreeMember[];

  constructor(processes: readonly FakeProcess[], tree: readonly TreeMember[] = []) {
    this.#processes = processes;
    this.#tree = tree;
  }

  get surroundings(): DumpSurroundings {
    const say = (line: string): void => {
      this.said.push(line);
    };
    return {
      looks: {
        inspect: async (pid) => this.#inspect(pid),
        openCore: async (path) => {
          if (this.core !== undefined) return this.core;
          throw new SamplerError("unreadable-core", `Cannot read core file ${path}: there is no such file`);
        },
        processTree: (pid) => [{ pid, parent: undefined, commandLine: ["sh"] }, ...this.#tree],
        listPythonProcesses: async (isWanted = () => true) => ({
          processes: this.#processes
            .filter(({ commandLine }) => isWanted(commandLine))
            .map(({ pid, commandLine, executable }) => ({ pid, commandLine, executable, version: "3.12.1" })),
          denied: 2,
        }),
      },
      terminal: { say, warn: say, fail: say },
      report: async (error) => say((error as Error).message),
      style: createStyle(false),
      columns: () => 40,
      write: (text) => {
        this.output += text;
        return true;
      },
      pause: async (seconds) => {
        this.pauses.push(seconds);
      },
    };
  }

  async #inspect(pid: number): Promise<Inspection> {
    const process = this.#processes.find((candidate) => candidate.pid === pid);
    if (process !== undefined) return process;
    const known = this.#tree.find((member) => member.pid === pid);
    const message = `Cannot sample process ${pid}: it is not a Python program`;
    if (known?.commandLine.length === 0) throw new SamplerError("exited", "It has exited", { pid });
    throw new SamplerError("not-python", message, { pid });
  }
}

export const holdsGil: number = SampleState.active | SampleState.holdsGil;
