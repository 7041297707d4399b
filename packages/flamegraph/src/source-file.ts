import type { FunctionRecord } from "./sample-batch.js";

/**
 * Whose code a frame runs:
 * - `own`: none of the following, so most likely the program's;
 * - `library`: Python code installed under site-packages or dist-packages;
 * - `standard-library`: Python code that came with the interpreter;
 * - `native`: compiled code;
 * - `runtime`: not a function: garbage collection and the like;
 * - `container`: not code at all: a process or a thread as the root of its stacks.
 */
export type CodeOrigin = "own" | "library" | "standard-library" | "native" | "runtime" | "container";

const SITE_PACKAGES = /^.*[\\/](?:site|dist)-packages[\\/]/s;
const STANDARD_LIBRARY =
  /^.*[\\/](?:lib(?:64)?[\\/](?:python|pypy)\d[\d.]*t?|python\d+\.zip|Lib(?=\\))[\\/]/s;

/** Tells whose code `record` is from its kind and the path of its file. */
export function originOf(record: FunctionRecord): CodeOrigin {
  if (record.kind === "native") return "native";
  if (record.kind !== "python") return "runtime";
  if (SITE_PACKAGES.test(record.file)) return "library";
  if (STANDARD_LIBRARY.test(record.file) || record.file.startsWith("<frozen ")) return "standard-library";
  return "own";
}

/**
 * The part of a path that tells files apart for a reader: the file of a package from its topmost package on
 * (`json/decoder.py`), otherwise the file's own name (`app.py`).
 *
 * Where the package begins is taken from the record's `module`, else from the folder that packages are
 * installed in (`site-packages`, `lib/python3.12` and their like): nothing is looked up on a disk. A program that can
 * see the files of the target may know better and passes its own function as
 * {@link FoldOptions.shortenFile}.
 *
 * ```ts
 * shortFileName({ …, file: "/venv/lib/python3.12/site-packages/flask/app.py" }); // "flask/app.py"
 * shortFileName({ …, file: "/home/ada/shop/models/cart.py", module: "shop.models.cart" }); // "shop/models/cart.py"
 * shortFileName({ …, file: "/home/ada/shop/manage.py", module: "__main__" }); // "manage.py"
 * ```
 */
export function shortFileName(record: FunctionRecord): string {
  const { file, module } = record;
  if (record.kind === "native") return baseName(file || module);
  if (file.startsWith("<")) return file;
  const installed = file.replace(SITE_PACKAGES, "").replace(STANDARD_LIBRARY, "");
  if (installed !== file) return installed;
  return modulePath(file, module) ?? baseName(file);
}

/** The end of `file` that spells `module`, if it does. */
function modulePath(file: string, module: string): string | undefined {
  if (module === "") return undefined;
  const steps = file.split(separatorOf(file));
  const names = module.split(".");
  const stem = steps.at(-1)?.replace(/\.[^.]*$/, "");
  const end = stem === "__init__" ? [...names, "__init__"] : names;
  const tail = steps.slice(-end.length);
  const spells = end.every((name, index) => name === (index === end.length - 1 ? stem : tail[index]));
  return spells ? tail.join("/") : undefined;
}

function baseName(file: string): string {
  return file.slice(file.lastIndexOf(separatorOf(file)) + 1);
}

/** A character that cannot be shown, as `printable` and the sampler write it. */
const ESCAPE = /\\(?:[nrt]|x[\da-f]{2}|u[\da-f]{4})/g;

/** What begins with a drive or a machine holds no escapes, but `C:\new`. */
const WINDOWS_ROOT = /^(?:[a-z]:\\|\\\\)/i;

/** A backslash is an ordinary character in a path that begins with a slash, and the beginning of an escape. */
function separatorOf(file: string): string {
  if (WINDOWS_ROOT.test(file)) return "\\";
  return file.startsWith("/") || !file.replaceAll(ESCAPE, "").includes("\\") ? "/" : "\\";
}
