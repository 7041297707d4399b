/**
 * Reads the table of `strace -c`: how often each system call was made.
 *
 * @returns calls by name, without the line of the total
 */
export function parseStraceSummary(text: string): ReadonlyMap<string, number> {
  const calls = new Map<string, number>();
  for (const line of text.split("\n")) {
    // % time, seconds, usecs/call, calls, errors (may be blank), name
    const row = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?([a-z_]\w*)$/.exec(line);
    const [, count = "", name = "total"] = row ?? [];
    if (name !== "total") calls.set(name, Number(count));
  }
  return calls;
}

/** What a longer run did more than a shorter one, for each of `samples`; the most frequent first. */
export function callsPerSample(
  longer: ReadonlyMap<string, number>,
  shorter: ReadonlyMap<string, number>,
  samples: number,
): readonly (readonly [name: string, calls: number])[] {
  const names = new Set([...longer.keys(), ...shorter.keys()]);
  return [...names]
    .map((name) => [name, ((longer.get(name) ?? 0) - (shorter.get(name) ?? 0)) / samples] as const)
    .sort(([, left], [, right]) => right - left);
}
