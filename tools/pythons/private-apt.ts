import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError, runCommand } from "./run-command.js";

/** Architectures as Debian calls them. */
export type DebianArchitecture = "amd64" | "i386";

/**
 * apt on one of Debian's suites, with lists, caches and an (empty) package database of its own: nothing of the
 * machine's apt changes, no privilege is needed, and apt resolves what a package needs down to its C library.
 */
export class PrivateApt {
  readonly #folder: string;
  readonly #options: readonly string[];

  /**
   * Reads the lists of a suite from the first mirror that has it.
   *
   * @param folder where to keep everything; whoever calls removes it
   * @throws CommandError when no mirror serves the suite
   */
  static open(folder: string, suite: string, architecture: DebianArchitecture): PrivateApt {
    let cause: unknown;
    for (const [index, mirror] of mirrors().entries()) {
      const apt = new PrivateApt(
        join(folder, `${suite}-${architecture}-${index}`),
        suite,
        architecture,
        mirror,
      );
      try {
        apt.#run("apt-get", ["update", "--error-on=any"]);
        return apt;
      } catch (error) {
        cause ??= error;
      }
    }
    throw new CommandError(`no mirror serves ${suite}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }

  private constructor(folder: string, suite: string, architecture: DebianArchitecture, mirror: string) {
    this.#folder = folder;
    for (const name of ["state/lists/partial", "cache"]) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, "status"), "");
    const keyring = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]";
    const lines = ["deb", "deb-src"].map((type) => `${type} ${keyring} ${mirror} ${suite} main\n`);
    writeFileSync(join(folder, "sources.list"), lines.join(""));
    this.#options = Object.entries({
      "Dir::State": join(folder, "state"),
      "Dir::State::status": join(folder, "status"),
      "Dir::Cache": join(folder, "cache"),
      "Dir::Etc::sourcelist": join(folder, "sources.list"),
      "Dir::Etc::sourceparts": "/dev/null",
      "Dir::Etc::preferences": "/dev/null",
      "Dir::Etc::preferencesparts": "/dev/null",
      "APT::Architecture": architecture,
      "APT::Architectures": architecture,
      "APT::Sandbox::User": "", // what it fetches belongs to whoever runs this
      "APT::Update::Post-Invoke-Success": "",
      "Acquire::Languages": "none",
      "Acquire::Check-Valid-Until": "false", // suites that have ended stay as they were
      "Acquire::Retries": "2",
    }).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  }

  /** Fetches packages and all they depend on, and returns the paths of the archives. */
  downloadWithDependencies(packages: readonly string[]): readonly string[] {
    const archives = mkdtempSync(join(this.#folder, "archives-"));
    mkdirSync(join(archives, "partial"));
    this.#run("apt-get", [
      ...["-o", `Dir::Cache::archives=${archives}`],
      ...["install", "--download-only", "--no-install-recommends", "--yes", ...packages],
    ]);
    return filesIn(archives, /\.deb$/);
  }

  /** Fetches packages without what they depend on, and returns the paths of the archives. */
  download(packages: readonly string[]): readonly string[] {
    const folder = mkdtempSync(join(this.#folder, "packages-"));
    this.#run("apt-get", ["download", ...packages], folder);
    return filesIn(folder, /\.deb$/);
  }

  /** Fetches the upstream archive of a source package, and returns its path. */
  downloadSource(sourcePackage: string): string {
    const folder = mkdtempSync(join(this.#folder, "source-"));
    this.#run("apt-get", ["source", "--download-only", sourcePackage], folder);
    const [archive] = filesIn(folder, /\.orig\.tar\.\w+$/);
    if (archive === undefined) throw new CommandError(`${sourcePackage} has no upstream archive`);
    return archive;
  }

  #run(program: string, words: readonly string[], cwd: string = this.#folder): string {
    const env = { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
    return runCommand(program, [...this.#options, ...words], { cwd, env });
  }
}

/** The mirror that this machine's apt uses for Debian, then Debian's own names for current and for ended suites. */
function mirrors(): readonly string[] {
  const configured = runCommand("apt-get", [
    "indextargets",
    "--format",
    "$(REPO_URI)",
    "Identifier: Packages",
  ])
    .split("\n")
    .filter((uri) => /\/debian\/?$/.test(uri));
  const names = ["http://deb.debian.org/debian/", "http://archive.debian.org/debian/"];
  return [...new Set([...configured.slice(0, 1), ...names])];
}

function filesIn(folder: string, pattern: RegExp): readonly string[] {
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(folder, name));
}
