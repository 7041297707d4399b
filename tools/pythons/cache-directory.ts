import { homedir } from "node:os";
import { join } from "node:path";

const systemWide = "/var/cache/pyspy-pythons";

/**
 * Where provided interpreters are kept, outside every checkout: `$XDG_CACHE_HOME/pyspy-pythons` if that is
 * set, else `/var/cache/pyspy-pythons` for root (whose home nobody else may enter, while tests run targets as
 * other users), else `~/.cache/pyspy-pythons`.
 */
export function cacheDirectory(): string {
  const configured = process.env.XDG_CACHE_HOME;
  if (configured) return join(configured, "pyspy-pythons");
  return process.getuid?.() === 0 ? systemWide : join(homedir(), ".cache", "pyspy-pythons");
}

/** Every folder that may hold provided interpreters: the one of this user, and the one root fills for all. */
export function cacheDirectories(): readonly string[] {
  return [...new Set([cacheDirectory(), systemWide])];
}
