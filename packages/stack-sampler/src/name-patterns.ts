/** What names are tried with: any of the patterns has to match. */
export type NamePatterns = RegExp | readonly RegExp[];

/** The patterns without the flags `g` and `y`, with which one would go on from its last match. */
export function namePatterns(patterns: NamePatterns): readonly RegExp[] {
  return [patterns].flat().map(({ source, flags }) => new RegExp(source, flags.replace(/[gy]/g, "")));
}

export function matchesAny(patterns: readonly RegExp[], name: string): boolean {
  for (const pattern of patterns) if (pattern.test(name)) return true;
  return false;
}
