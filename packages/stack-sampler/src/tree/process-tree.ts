import { type FamilyMember, openProcess, type Pid, readFamily } from "@pyspy/proc-memory";

/** A process of a tree. */
export interface TreeMember {
  readonly pid: Pid;
  /** Undefined for the one that the tree begins with. */
  readonly parent: Pid | undefined;
  /** Empty if the process has exited, or must not be looked at. */
  readonly commandLine: readonly string[];
}

/**
 * A process, which need not exist, and all that it has started, directly or not: each after its parent and before its
 * parent's next child. This process itself is left out.
 */
export function processTree(root: Pid): TreeMember[] {
  const descendants = descendantsIn(readFamily(), root).filter(({ pid }) => pid !== process.pid);
  return [{ pid: root, parent: undefined }, ...descendants].map(({ pid, parent }) => ({
    ...{ pid, parent },
    commandLine: commandLineOf(pid),
  }));
}

/** The same as a matter of numbers. */
export function descendantsIn(family: readonly FamilyMember[], ancestor: Pid): FamilyMember[] {
  const children = new Map<Pid, FamilyMember[]>();
  for (const member of family) {
    const siblings = children.get(member.parent);
    if (siblings === undefined) children.set(member.parent, [member]);
    else siblings.push(member);
  }
  const found: FamilyMember[] = [];
  // Ids are read one after the other and used again, so that there can be circles.
  const met = new Set([ancestor]);
  const waiting = (children.get(ancestor) ?? []).toReversed();
  for (let member = waiting.pop(); member !== undefined; member = waiting.pop()) {
    if (met.has(member.pid)) continue;
    met.add(member.pid);
    found.push(member);
    waiting.push(...(children.get(member.pid) ?? []).toReversed());
  }
  return found;
}

function commandLineOf(pid: Pid): readonly string[] {
  try {
    using opened = openProcess(pid);
    return opened.commandLine;
  } catch {
    return [];
  }
}
