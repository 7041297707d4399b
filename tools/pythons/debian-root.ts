import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DebianArchitecture, PrivateApt } from "./private-apt.js";
import { CommandError, runCommand } from "./run-command.js";

/** An interpreter as Debian packages it. */
export interface DebianRecipe {
  readonly kind: "debian";
  /** Tried in this order. */
  readonly suites: readonly string[];
  readonly architecture: DebianArchitecture;
  /** The package that has `/usr/bin/NAME` of the same name. */
  readonly package: string;
  /** The package with the headers, fetched without the compiler packages it depends on. */
  readonly headers: string;
}

/**
 * Unpacks an interpreter with all libraries it needs, C library and dynamic loader included, so that it runs as a
 * plain program in the file system of this machine, whatever the release: the executable is told (by patchelf) to
 * use the loader and the libraries that lie beside it, and CPython finds its standard library from its own place.
 * `chroot` or the loader as a launcher would need no patch, but the first hides the files of the machine from the
 * target, and the second is what `/proc/PID/exe` would name.
 *
 * @param root where to unpack
 * @param home where `root` will be moved to when it is complete
 */
export function unpackDebian(
  recipe: DebianRecipe,
  apt: PrivateApt,
  patchelf: string,
  root: string,
  home: string,
): void {
  mkdirSync(root, { recursive: true });
  const archives = [...apt.downloadWithDependencies([recipe.package]), ...apt.download([recipe.headers])];
  for (const archive of archives) runCommand("dpkg-deb", ["--extract", archive, root]);
  for (const name of ["usr/share/doc", "usr/share/man", "usr/share/fonts", "usr/share/locale"]) {
    rmSync(join(root, name), { recursive: true, force: true });
  }

  const programs = join(root, "usr/bin");
  const executable = realpathSync(join(programs, recipe.package)); // python3.14-dbg is a link to python3.14d
  for (const name of readdirSync(programs)) {
    // What is not patched would run with the libraries of this machine.
    if (name !== recipe.package && join(programs, name) !== executable)
      rmSync(join(programs, name), { recursive: true });
  }
  const triplet = recipe.architecture === "i386" ? "i386-linux-gnu" : "x86_64-linux-gnu";
  const libraries = ["lib", "usr/lib"].map((folder) => `${folder}/${triplet}`);
  const loader = libraries
    .map((folder) => `${folder}/${recipe.architecture === "i386" ? "ld-linux.so.2" : "ld-linux-x86-64.so.2"}`)
    .find((path) => existsSync(join(root, path)));
  if (loader === undefined) throw new CommandError(`${recipe.package} came without a dynamic loader`);
  runCommand(patchelf, [
    ...["--set-interpreter", join(home, loader)],
    // DT_RPATH, which extension modules inherit; DT_RUNPATH would hold for the executable alone.
    ...["--force-rpath", "--set-rpath", libraries.map((folder) => join(home, folder)).join(":")],
    executable,
  ]);
}

/** Fetches patchelf for this machine without installing it, and returns the path of the program. */
export function unpackPatchelf(apt: PrivateApt, folder: string): string {
  for (const archive of apt.download(["patchelf"])) runCommand("dpkg-deb", ["--extract", archive, folder]);
  return join(folder, "usr/bin/patchelf");
}
