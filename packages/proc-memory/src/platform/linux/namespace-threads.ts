import type { Pid, Tid } from "../../process-view.js";
import { parseNamespaceIds } from "./process-status.js";
import { type SystemView, systemView } from "./system-view.js";

/**
 * The ids that a process and its threads have in its own pid namespace, from the NSpid line of /proc/PID/status,
 * which needs no rights. A process never changes its namespace (pid_namespaces(7)), so whether there is anything
 * to translate is found out once.
 */
export class NamespaceThreads {
  readonly #pid: Pid;
  readonly #view: Pick<SystemView, "read">;
  readonly #list: () => readonly Tid[];
  /** Last seen, by inner id. */
  readonly #outer = new Map<Tid, Tid>();
  #pids: readonly Pid[] | undefined;

  /** `list` lists the process's threads as seen from here. */
  constructor(pid: Pid, list: () => readonly Tid[], view: Pick<SystemView, "read"> = systemView) {
    this.#pid = pid;
    this.#list = list;
    this.#view = view;
  }

  get pids(): readonly Pid[] {
    if (this.#pids === undefined) {
      const ids = this.#idsIn(`/proc/${this.#pid}/status`);
      // The line is there since Linux 4.1; and it is gone with the process.
      if (ids.length === 0) return [this.#pid];
      this.#pids = ids;
    }
    return this.#pids;
  }

  outerIdOf(inner: Tid): Tid | undefined {
    if (this.pids.length === 1) return inner;
    const known = this.#outer.get(inner);
    // Ids are used again: the thread may be another one by now.
    if (known !== undefined && this.#innerIdOf(known) === inner) return known;
    this.#outer.clear();
    for (const outer of this.#list()) {
      const id = this.#innerIdOf(outer);
      if (id !== undefined) this.#outer.set(id, outer);
    }
    return this.#outer.get(inner);
  }

  #innerIdOf(outer: Tid): Tid | undefined {
    return this.#idsIn(`/proc/${this.#pid}/task/${outer}/status`).at(-1);
  }

  #idsIn(path: string): readonly Tid[] {
    try {
      return parseNamespaceIds(this.#view.read(path));
    } catch {
      return [];
    }
  }
}
