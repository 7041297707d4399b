/** What was found of each subject, round by round; and of those that failed, why. */
export interface Rounds<Subject, Value> {
  readonly values: ReadonlyMap<Subject, readonly Value[]>;
  readonly failures: ReadonlyMap<Subject, string>;
}

/**
 * Measures each subject once in every round, so that whatever the machine does meanwhile meets all of them, and begins
 * each round with another one. A subject that fails takes no further part, and what was found of it is dropped.
 */
export async function interleave<Subject, Value>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject, round: number) => Promise<Value>,
): Promise<Rounds<Subject, Value>> {
  const values = new Map<Subject, Value[]>(subjects.map((subject) => [subject, []]));
  const failures = new Map<Subject, string>();
  for (let round = 0; round < rounds; round += 1) {
    const first = round % Math.max(1, subjects.length);
    for (const subject of [...subjects.slice(first), ...subjects.slice(0, first)]) {
      if (failures.has(subject)) continue;
      try {
        values.get(subject)?.push(await measure(subject, round));
      } catch (error) {
        failures.set(subject, error instanceof Error ? error.message : String(error));
        values.set(subject, []);
      }
    }
  }
  return { values, failures };
}
