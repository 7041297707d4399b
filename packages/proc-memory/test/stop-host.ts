import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import type { SpawnedProcess } from "../src/spawn.js";
import { start, temporaryDirectory, until } from "./live-programs.js";

const VALUES_AT = 65_536;
/** A file system in memory: on a disk, the thread that counts would wait at times until the file is written back. */
const IN_MEMORY = "/dev/shm";

/** A running program of fixtures/stop-host.c, and what can be seen of it. */
export class StopHost {
  readonly program: SpawnedProcess;
  readonly #file: string;

  private constructor(program: SpawnedProcess, file: string) {
    this.program = program;
    this.#file = file;
  }

  /** Starts `[executable, mode, …words]`, by way of `starter`, and waits until it is ready. */
  static async start(
    executable: string,
    [mode = "", ...words]: readonly string[],
    starter: readonly string[] = [],
  ): Promise<StopHost> {
    const file = join(temporaryDirectory(IN_MEMORY), "words");
    const program = start([...starter, executable, file, mode, ...words]);
    const host = new StopHost(program, file);
    await until(() => host.#word(0) === 1);
    return host;
  }

  get pid(): number {
    return this.program.pid;
  }

  get signals(): number {
    return this.#word(1);
  }

  get strangeSignals(): number {
    return this.#word(2);
  }

  /** Rounds of its thread of that index. */
  rounds(index: number): number {
    return this.#word(8 + index);
  }

  /** How often each value has come by a signal. */
  values(count: number): readonly number[] {
    return [...readFileSync(this.#file).subarray(VALUES_AT, VALUES_AT + count)];
  }

  /** State letter and tracer, such as "R 0". */
  get state(): string {
    return stateOf(this.pid);
  }

  /** Waits until it has gone on. */
  async goesOn(index = 0): Promise<void> {
    const before = this.rounds(index);
    await until(() => this.rounds(index) !== before);
  }

  #word(index: number): number {
    try {
      const file = openSync(this.#file, "r");
      const bytes = Buffer.alloc(8);
      readSync(file, bytes, 0, 8, index * 8);
      closeSync(file);
      return Number(bytes.readBigUInt64LE());
    } catch {
      return 0;
    }
  }
}

/** State letter and tracer of a thread. */
export function stateOf(pid: number, tid = pid): string {
  const status = readFileSync(`/proc/${pid}/task/${tid}/status`, "utf8");
  return `${/^State:\s+(\w)/m.exec(status)?.[1]} ${/^TracerPid:\s+(\d+)/m.exec(status)?.[1]}`;
}
