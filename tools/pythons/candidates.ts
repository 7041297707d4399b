import { readdirSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { cacheDirectories } from "./cache-directory.js";

/** How an interpreter came to this machine. `debian` and `built` are those that `--provide` put into the cache. */
export type PythonSource = "path" | "pyenv" | "uv" | "conda" | "debian" | "built";

/** A file that has the name of a Python interpreter. */
export interface Candidate {
  /** Real path. */
  readonly executable: string;
  readonly source: PythonSource;
}

/** Every file on this machine that looks like an interpreter, once however many names and links it has. */
export function pythonCandidates(): readonly Candidate[] {
  const home = homedir();
  const pyenv = process.env.PYENV_ROOT ?? join(home, ".pyenv");
  const uv = process.env.UV_PYTHON_INSTALL_DIR ?? join(home, ".local/share/uv/python");
  const condas = [
    process.env.CONDA_PREFIX ?? "",
    ...["miniconda3", "anaconda3", "miniforge3"].map((name) => join(home, name)),
    "/opt/conda",
  ].filter((folder) => folder !== "");

  const places: readonly (readonly [PythonSource, readonly string[]])[] = [
    ["debian", cacheDirectories().flatMap((cache) => below(join(cache, "debian"), "usr/bin"))],
    ["built", cacheDirectories().flatMap((cache) => below(join(cache, "built"), "bin"))],
    ["pyenv", below(join(pyenv, "versions"), "bin")],
    ["uv", below(uv, "bin")],
    ["conda", condas.flatMap((folder) => [join(folder, "bin"), ...below(join(folder, "envs"), "bin")])],
    ["path", (process.env.PATH ?? "").split(delimiter).filter((folder) => !isShims(folder))],
  ];
  const found = new Map<string, Candidate>();
  for (const [source, folders] of places) {
    for (const executable of folders.flatMap(interpretersIn)) {
      const { dev, ino } = statSync(executable); // pyenv's python3.6 and python3.6m are hard links
      const file = `${dev}:${ino}`;
      if (!found.has(file)) found.set(file, { executable, source });
    }
  }
  return [...found.values()];
}

/** pyenv's shims are shell scripts that choose an interpreter when they run. */
function isShims(folder: string): boolean {
  return /[/\\]shims[/\\]?$/.test(folder);
}

function below(parent: string, child: string): readonly string[] {
  return namesIn(parent).map((name) => join(parent, name, child));
}

function interpretersIn(folder: string): readonly string[] {
  return namesIn(folder)
    .filter((name) => /^python([23](\.\d+)?t?d?m?)?(-dbg)?$/.test(name))
    .flatMap((name) => {
      try {
        return [realpathSync(join(folder, name))];
      } catch {
        return []; // a dangling link
      }
    });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
