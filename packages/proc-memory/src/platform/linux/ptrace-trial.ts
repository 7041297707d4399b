import { createRequire } from "node:module";
import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";

/** `PTRACE_SEIZE` of thread 0, which there is not. A filter sees the call before the kernel finds that out. */
const SCRIPT = `
const koffi = require(process.argv[1]);
const ptrace = koffi.load(null).func("ptrace", "long", ["int", "int", "long", "long"]);
process.exitCode = ptrace(0x4206, 0, 0, 0) === 0 ? 0 : koffi.errno();
`;

const TIMEOUT_MILLISECONDS = 5000;

/**
 * What a seccomp filter of this process says to `ptrace`: undefined if it lets it pass, else the name of the error or of the
 * signal, or "unavailable" if that cannot be found out. Filters are inherited and some kill whom they refuse, so a child of
 * ours makes the call; that takes as long as Node takes to start.
 */
export function tryPtrace(): string | undefined {
  try {
    // Loaded here, because it loads what speaks to networks, and hardly anybody asks.
    const { spawnSync } = process.getBuiltinModule("node:child_process");
    const koffi = createRequire(import.meta.url).resolve("koffi");
    const { status, signal } = spawnSync(process.execPath, ["-e", SCRIPT, koffi], {
      stdio: "ignore",
      timeout: TIMEOUT_MILLISECONDS,
      killSignal: "SIGKILL",
    });
    if (signal === "SIGSYS") return signal;
    if (status === constants.errno.ESRCH) return undefined;
    const refusals: readonly (number | null)[] = [
      constants.errno.EPERM,
      constants.errno.EACCES,
      constants.errno.ENOSYS,
    ];
    if (status === null || !refusals.includes(status)) return "unavailable";
    return getSystemErrorMap().get(-status)?.[0] ?? "unavailable";
  } catch {
    return "unavailable";
  }
}
