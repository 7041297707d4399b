import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is removed when it is disposed of, and at the latest with this process. */
export class TemporaryFolder implements Disposable {
  readonly #path = mkdtempSync(join(tmpdir(), "pyspy-bench-"));
  readonly #remove = () => rmSync(this.#path, { recursive: true, force: true });

  constructor() {
    process.once("exit", this.#remove);
  }

  /** The path of a file in it. */
  file(name: string): string {
    return join(this.#path, name);
  }

  [Symbol.dispose](): void {
    process.off("exit", this.#remove);
    this.#remove();
  }
}
