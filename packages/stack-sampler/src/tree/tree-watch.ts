import { type FamilyMember, type Pid, type ProcessWatch, watchProcesses } from "@pyspy/proc-memory";

/** Of so many newest processes it is looked up again what they run when an orphan is like none. */
const MOST_LAYOUTS = 64;

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
 * between two looks is known by its process group or session, which are called after a process of the tree. A daemon leaves
 * these as well, and whoever started it is gone at once; it is still known by where its program lies in memory.
 */
export class TreeWatch {
  readonly #watch: ProcessWatch;
  readonly #roots: readonly Pid[];
  readonly #members = new Map<Pid, number>();
  readonly #self: Pid;
  /** What is left alone is given to one of these. */
  #adopters: ReadonlySet<Pid> | undefined;
  /** Who has had a memory layout first. */
  readonly #layouts = new Map<string, Pid>();

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
    const parents = new Map<Pid, Pid>();
    for (const member of this.#watch.begun()) {
      const { pid, startTime } = member;
      parents.set(pid, member.parent);
      if (pid === this.#self || this.#isRoot(pid, startTime)) continue;
      // Its id may have been one of the tree before.
      this.#members.delete(pid);
      strangers.push(member);
    }
    if (this.#adopters === undefined) this.#adopters = adoptersOf(this.#roots, parents);
    // Ids begin anew some time: a parent may come after what it has started.
    for (let before = -1; before !== strangers.length; ) {
      before = strangers.length;
      strangers = strangers.filter((member) => {
        const parent = this.#parentOf(member);
        if (parent === undefined) return true;
        this.#members.set(member.pid, member.startTime);
        // What has ended may still be the parent of what it has started.
        if (!member.isAlive) return false;
        this.#learnLayout(member.pid);
        found.push({ pid: member.pid, parent, startTime: member.startTime });
        return false;
      });
    }
    return found;
  }

  /** To be told of one that runs another program than at its begin. */
  executed(pid: Pid): void {
    this.#learnLayout(pid);
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

  #parentOf(member: FamilyMember): Pid | undefined {
    const { parent, group, session } = member;
    if (this.#members.has(parent)) return parent;
    const leader =
      parent === this.#self
        ? undefined
        : ([group, session].find((each) => this.#members.has(each)) ?? this.#rootOf(group));
    return leader ?? this.#forkerOf(member);
  }

  /** Whose memory that of an orphan is a copy of. */
  #forkerOf({ pid, parent }: FamilyMember): Pid | undefined {
    if (!this.#adopters?.has(parent)) return undefined;
    const layout = this.#watch.layoutOf(pid);
    if (layout === undefined) return undefined;
    // It may have been started a moment after its starter has executed what it is a copy of.
    if (!this.#layouts.has(layout))
      for (const each of [...this.#roots, ...[...this.#members.keys()].slice(-MOST_LAYOUTS)])
        this.#learnLayout(each);
    return this.#layouts.get(layout);
  }

  #learnLayout(pid: Pid): void {
    const layout = this.#watch.layoutOf(pid);
    if (layout !== undefined && !this.#layouts.has(layout)) this.#layouts.set(layout, pid);
  }

  /** A program that this process has started is in its group, where nothing else can be if the group is its own. */
  #rootOf(group: Pid): Pid | undefined {
    return group === this.#self ? this.#roots[0] : undefined;
  }
}

/** An orphan is given to a process that has led to its starter; init is among them, which another pid namespace shows as 0. */
function adoptersOf(roots: readonly Pid[], parents: ReadonlyMap<Pid, Pid>): ReadonlySet<Pid> {
  const adopters = new Set<Pid>([0, 1]);
  for (const root of roots)
    for (let pid = parents.get(root); pid !== undefined && !adopters.has(pid); pid = parents.get(pid))
      adopters.add(pid);
  return adopters;
}
