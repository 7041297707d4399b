import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "../../pythons/cache-directory.js";
import type { Python } from "../../pythons/find-pythons.js";
import { PrivateApt } from "../../pythons/private-apt.js";
import { CommandError, runCommand } from "../../pythons/run-command.js";
import { austin } from "./austin.js";
import type { Profiler } from "./profiler.js";
import { profilingSampling } from "./profiling-sampling.js";
import { pySpy, pySpyVersion } from "./py-spy.js";

/** The profilers that pyspy is compared with. Those that cannot be had are undefined. */
export interface Peers {
  readonly pySpy: Profiler | undefined;
  readonly pySpyNonblocking: Profiler | undefined;
  readonly austin: Profiler | undefined;
  readonly profilingSampling: Profiler | undefined;
  /** The program `py-spy`, for what is no recording. */
  readonly pySpyExecutable: string | undefined;
}

/**
 * Fetches what is missing into the cache beside the interpreters, each complete and proven to run, or not at all.
 *
 * @param tell hears of each that cannot be had
 */
export function providePeers(pythons: readonly Python[], tell: (message: string) => void): Peers {
  const attempt = <T>(name: string, action: () => T): T | undefined => {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      tell(`${name} is left out: ${error.message}`);
      return undefined;
    }
  };
  const pySpyExecutable = attempt("py-spy", () => providePySpy(pythons));
  const newest = pythons.find(({ version }) => version.major === 3 && version.minor === 15);
  return {
    pySpyExecutable,
    pySpy: pySpyExecutable === undefined ? undefined : pySpy(pySpyExecutable),
    pySpyNonblocking: pySpyExecutable === undefined ? undefined : pySpy(pySpyExecutable, ["--nonblocking"]),
    austin: attempt("Austin", () => austin(provideAustin())),
    profilingSampling: attempt("profiling.sampling", () => {
      if (newest === undefined) throw new CommandError("there is no Python 3.15");
      runCommand(newest.executable, ["-c", "import profiling.sampling"]);
      return profilingSampling(newest);
    }),
  };
}

/** py-spy is a program of its own that pip delivers; any Python with pip will do. */
function providePySpy(pythons: readonly Python[]): string {
  const home = join(cacheDirectory(), "profilers", `py-spy-${pySpyVersion}`);
  const executable = join(home, "bin", "py-spy");
  provide(home, executable, [], (folder) => {
    const withPip = pythons.find(({ source, version }) => source !== "debian" && version.minor >= 8);
    if (withPip === undefined) throw new CommandError("there is no Python with pip");
    const words = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder];
    runCommand(withPip.executable, [...words, `py-spy==${pySpyVersion}`]);
  });
  return executable;
}

/**
 * Debian's package has the newest Austin that there is as a package. It needs a newer C library than most machines
 * have, so that one comes along, with its loader; the Python that the package depends on is not needed.
 */
function provideAustin(): readonly string[] {
  const home = join(cacheDirectory(), "profilers", "austin-3.7.0");
  const libraries = join(home, "usr/lib/x86_64-linux-gnu");
  const launcher = [join(libraries, "ld-linux-x86-64.so.2"), "--library-path", libraries];
  const words = [...launcher, join(home, "usr/bin/austin")];
  provide(home, words[0] ?? "", words.slice(1), (folder) => {
    const apt = mkdtempSync(`${folder}-apt-`);
    try {
      const archives = PrivateApt.open(apt, "sid", "amd64").download(["austin", "libc6", "libgcc-s1"]);
      for (const archive of archives) runCommand("dpkg-deb", ["--extract", archive, folder]);
    } finally {
      rmSync(apt, { recursive: true });
    }
  });
  return words;
}

function provide(
  home: string,
  program: string,
  words: readonly string[],
  fill: (folder: string) => void,
): void {
  if (existsSync(home)) return;
  mkdirSync(join(home, ".."), { recursive: true });
  const partial = mkdtempSync(`${home}.partial-`);
  try {
    fill(partial);
    renameSync(partial, home);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  try {
    runCommand(program, [...words, "--version"]);
  } catch (error) {
    rmSync(home, { recursive: true });
    throw error;
  }
}
