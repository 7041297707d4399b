import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { PrivateApt } from "./private-apt.js";
import { runCommand } from "./run-command.js";

/** An interpreter that is compiled from the source package of a suite. */
export interface SourceRecipe {
  readonly kind: "source";
  readonly suite: string;
  readonly sourcePackage: string;
  readonly configure: readonly string[];
}

/**
 * Compiles and installs an interpreter, in about three minutes of one processor, at low priority.
 *
 * @param root where to install it
 * @param home where `root` will be moved to when it is complete
 * @param work a folder for the source and the objects
 */
export function buildFromSource(
  recipe: SourceRecipe,
  apt: PrivateApt,
  root: string,
  home: string,
  work: string,
): void {
  const source = join(work, "source");
  mkdirSync(source, { recursive: true });
  runCommand(
    "tar",
    ["--extract", "--file", apt.downloadSource(recipe.sourcePackage), "--strip-components=1"],
    {
      cwd: source,
    },
  );
  const polite = (program: string, words: readonly string[]) =>
    runCommand("nice", ["-n", "10", program, ...words], { cwd: source });
  polite("./configure", [
    ...["--quiet", `--prefix=${home}`, "--disable-test-modules", "--without-ensurepip"],
    "OPT=-DNDEBUG -O2", // no -g: a quarter less to wait, two thirds less to keep
    ...recipe.configure,
  ]);
  polite("make", ["--silent", "-j2"]);
  polite("make", ["--silent", "altinstall", `DESTDIR=${join(work, "destination")}`]);
  runCommand("mv", ["--no-target-directory", join(work, "destination", home), root]);
}
