import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface Python {
  readonly name: string;
  readonly command: readonly string[];
  readonly executable: string;
  readonly version: { readonly major: number; readonly minor: number; readonly micro: number };
  readonly freeThreaded: boolean;
  readonly debug: boolean;
}

const question =
  "import sys, sysconfig; print('%d %d %d %d %d' % (tuple(sys.version_info[:3]) + (bool(sysconfig.get_config_var('Py_GIL_DISABLED')), hasattr(sys, 'gettotalrefcount'))))";

export function findPythons(): readonly Python[] {
  const root = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  const candidates = existsSync(root)
    ? readdirSync(root).map((name) => join(root, name, "bin", "python"))
    : [];
  candidates.push("/usr/bin/python3");
  return candidates.filter(existsSync).map((executable) => {
    const answer = execFileSync(executable, ["-c", question], { encoding: "utf8" })
      .trim()
      .split(" ")
      .map(Number);
    const [major = 0, minor = 0, micro = 0, freeThreaded = 0, debug = 0] = answer;
    return {
      name: `${major}.${minor}.${micro}${executable.startsWith("/usr") ? " (system)" : ""}`,
      command: [executable],
      executable,
      version: { major, minor, micro },
      freeThreaded: freeThreaded === 1,
      debug: debug === 1,
    };
  });
}
