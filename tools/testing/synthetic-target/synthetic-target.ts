/**
 * Targets for the builds that cannot be had (2.3–2.6, 3.3–3.5, 3.14t, 3.15t) and for those that never were: a process
 * whose memory has an interpreter, threads, frames, code objects and strings in the layout that a test wants.
 *
 * `layOutPython` makes the bytes, which a unit test can read directly; `SyntheticTarget` puts them into a process that
 * has the symbols, the section and the version text of a real executable, `python3.14` and so on by name. It writes
 * `ready`, and ends when its standard input does.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { versionHex } from "./debug-offsets-table.js";
import type { PythonImage } from "./python-image.js";

const source = fileURLToPath(new URL("synthetic-target.c", import.meta.url));

/**
 * Compiles and writes synthetic targets into a folder of its own, which it removes when it is disposed of.
 *
 * @example
 * using targets = new SyntheticTargets();
 * const image = layOutPython(layout, [[{ file: "/app/main.py", name: "main", line: 12 }]]);
 * await using target = Target.start(targets.command(image));
 * await target.line(); // "ready"
 */
export class SyntheticTargets {
  readonly #folder = mkdtempSync(join(tmpdir(), "synthetic-python-"));
  readonly #compiler: readonly string[];
  #images = 0;

  /** `compiler` is a program and its first words, another one makes processes with another C library. */
  constructor(compiler: readonly [string, ...string[]] = ["gcc"]) {
    this.#compiler = compiler;
  }

  /** The words that start a process with this image. */
  command(image: PythonImage): readonly string[] {
    const path = join(this.#folder, `image-${this.#images++}`);
    writeFileSync(path, serialized(image));
    return [this.#executable(image), path];
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** One for each version and size of the runtime: a reader can tell a version by the size of `_PyRuntime`. */
  #executable({ layout, runtime }: PythonImage): string {
    const { version, freeThreaded } = layout;
    const text = `${version.major}.${version.minor}.${version.micro}${version.release}`;
    const folder = join(this.#folder, `${text}${freeThreaded ? "t" : ""}-${runtime.length}`);
    const executable = join(folder, `python${version.major}.${version.minor}${freeThreaded ? "t" : ""}`);
    if (existsSync(executable)) return executable;
    mkdirSync(folder);
    const kind = freeThreaded ? " free-threading build" : "";
    const [compiler = "", ...words] = this.#compiler;
    execFileSync(compiler, [
      ...words,
      ...["-O1", "-w", "-pthread", "-rdynamic", "-o", executable, source],
      `-DPY_VERSION_HEX=${versionHex(version)}`,
      `-DPY_VERSION="${text}${kind}"`,
      `-DRUNTIME_SIZE=${runtime.length}`,
    ]);
    return executable;
  }
}

/** As `synthetic-target.c` reads it: header, ids of each thread, runtime, memory. */
function serialized({ runtime, base, bytes, threads }: PythonImage): Uint8Array {
  const numbers = [
    ...[runtime.length, base, bytes.length, threads.length],
    ...threads.flatMap(({ thread_id, native_thread_id }) => [thread_id, native_thread_id ?? 0]),
  ];
  const head = new BigUint64Array(numbers.map(BigInt));
  return Buffer.concat([new Uint8Array(head.buffer), runtime, bytes]);
}
