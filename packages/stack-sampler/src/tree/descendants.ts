import { type FamilyMember, type Pid, readFamily } from "@pyspy/proc-memory";

/** All that a process has started, directly or not, by ascending id: each after its parent and before its parent's next child. */
export function descendantsOf(pid: Pid): FamilyMember[] {
  return descendantsIn(readFamily(), pid);
}

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
