/**
 * Bits of an item of `co_localspluskinds` (3.11+), a `bytes` with one for each of a frame's locals: what the name in
 * `co_localsplusnames` is. A local that an inner function uses is local and cell at once.
 */
export const LocalKind = {
  /** 3.12+: of a comprehension that runs in its function's frame, and not to be shown outside it. */
  hidden: 0x10,
  local: 0x20,
  cell: 0x40,
  free: 0x80,
} as const;
