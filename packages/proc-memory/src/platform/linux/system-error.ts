/** The name of a failed file operation's error ("ENOENT"), or undefined if it was something else. */
export function errorName(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Whether a /proc file could not be read because its process or thread is gone. */
export function isGone(error: unknown): boolean {
  const name = errorName(error);
  return name === "ENOENT" || name === "ESRCH";
}

/** Whether a file could not be read because this user may not. */
export function isDenied(error: unknown): boolean {
  const name = errorName(error);
  return name === "EACCES" || name === "EPERM";
}
