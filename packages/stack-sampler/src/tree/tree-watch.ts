import { type FamilyMember, type Pid, type ProcessWatch, watchProcesses } from "@pyspy/proc-memory";

/** A process of a tree, also when it has ended: others may be known as what it has started. */
export interface TreeProcess {
  readonly pid: Pid;
  /** Of the tree; undefined for one that the tree begins with. */
  readonly parent: Pid | undefined;
  /** Clock ticks since boot: with the pid it names one process for good. */
  readonly startTime: number;
}

/**
 * Tells what processes have started, directly or not, as soon as it is there.
 *
 * Who has started a process is known while its parent lives; then it is given to another one. What was started, and left alone,
 * between two looks is known by its process group or session, which are called after a process of the tree.
 */
export class TreeWatch {
  readonly #watch: ProcessWatch;
  readonly #roots: readonly Pid[];
  readonly #members = new Map<Pid, number>();
  readonly #self: Pid;

  /** @param self the process that looks, which is in no tree */
  constructor(roots: readonly Pid[], watch: ProcessWatch = watchProcesses(), self: Pid = process.pid) {
    this.#watch = watch;
    this.#self = self;
    this.#roots = roots;
    for (const pid of roots) this.#members.set(pid, Number.NaN);
  }

  /** What has begun since the last call, parents before what they have started. */
  begun(): TreeProcess[] {
    const found: TreeProcess[] = [];
    let strangers: FamilyMember[] = [];
    for (const member of this.#watch.begun()) {
      const { pid, startTime } = member;
      if (pid === this.#self || this.#isRoot(pid, startTime)) continue;
      // Its id may have been one of the tree before.
      this.#members.delete(pid);
      if (member.isAlive) strangers.push(member);
    }
    // Ids begin anew some time: a parent may come after what it has started.
    for (let before = -1; before !== strangers.length; ) {
      before = strangers.length;
      strangers = strangers.filter((member) => {
        const parent = this.#parentOf(member);
        if (parent === undefined) return true;
        this.#members.set(member.pid, member.startTime);
        found.push({ pid: member.pid, parent, startTime: member.startTime });
        return false;
      });
    }
    return found;
  }

  close(): void {
    this.#watch.close();
  }

  /** Those that the tree begins with are there before the first look. */
  #isRoot(pid: Pid, startTime: number): boolean {
    if (!Number.isNaN(this.#members.get(pid) ?? 0)) return false;
    this.#members.set(pid, startTime);
    return true;
  }

  #parentOf({ parent, group, session }: FamilyMember): Pid | undefined {
    if (this.#members.has(parent)) return parent;
    if (parent === this.#self) return undefined;
    return [group, session].find((leader) => this.#members.has(leader)) ?? this.#rootOf(group);
  }

  /** A program that this process has started is in its group, where nothing else can be if the group is its own. */
  #rootOf(group: Pid): Pid | undefined {
    return group === this.#self ? this.#roots[0] : undefined;
  }
}
