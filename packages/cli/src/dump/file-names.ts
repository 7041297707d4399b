import type { MappedFile } from "@pyspy/stack-sampler";

/**
 * Shortens paths as Python sees packages: `/venv/lib/site-packages/flask/json/tag.py` is `flask/json/tag.py`, because both
 * folders have an `__init__.py`, and a script is its own name. Folders are looked at once, through the process's eyes.
 */
export class ShortNames {
  readonly #openFile: (path: string) => MappedFile | undefined;
  readonly #packages = new Map<string, boolean>();

  constructor(openFile: (path: string) => MappedFile | undefined) {
    this.#openFile = openFile;
  }

  of(path: string): string {
    if (path.startsWith("<")) return path;
    let start = path.lastIndexOf("/");
    while (start > 0 && this.#isPackage(path.slice(0, start))) start = path.lastIndexOf("/", start - 1);
    return path.slice(start + 1);
  }

  #isPackage(folder: string): boolean {
    let isPackage = this.#packages.get(folder);
    if (isPackage === undefined) {
      const file = this.#openFile(`${folder}/__init__.py`);
      file?.close();
      isPackage = file !== undefined;
      this.#packages.set(folder, isPackage);
    }
    return isPackage;
  }
}
