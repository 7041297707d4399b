import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The built command as somebody would install it, in a folder that every user of the machine may read: a checkout
 * often lies in a home directory that others may not enter.
 */
export class ReadableInstallation {
  readonly folder = mkdtempSync(join(tmpdir(), "pyspy-installation-"));

  constructor() {
    chmodSync(this.folder, 0o755);
    const thirdParty = new Map<string, string>();
    for (const name of readdirSync(join(root, "packages"))) {
      const source = join(root, "packages", name);
      const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as {
        readonly name: string;
        readonly dependencies?: Readonly<Record<string, string>>;
      };
      for (const part of ["package.json", "bin", "dist"]) {
        if (existsSync(join(source, part))) this.#copy(join(source, part), join(manifest.name, part));
      }
      for (const dependency of Object.keys(manifest.dependencies ?? {})) {
        const own = join(source, "node_modules", dependency);
        thirdParty.set(dependency, existsSync(own) ? own : join(root, "node_modules", dependency));
      }
    }
    // koffi's own binaries, one package a platform.
    thirdParty.set("@koromix", join(root, "node_modules", "@koromix"));
    for (const [dependency, folder] of thirdParty) {
      if (!dependency.startsWith("@pyspy/")) this.#copy(folder, dependency);
    }
  }

  /** The file that node runs. */
  get command(): string {
    return join(this.folder, "node_modules", "pyspy", "bin", "pyspy.js");
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }

  #copy(from: string, to: string): void {
    cpSync(from, join(this.folder, "node_modules", to), { recursive: true });
  }
}
