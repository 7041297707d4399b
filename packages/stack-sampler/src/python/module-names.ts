import type { Layout } from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import type { RemoteDicts } from "./remote-dict.js";
import type { TargetWords } from "./target-words.js";

/** Address of `sys.modules` of an interpreter, 0 if it cannot be read. */
export function modulesOf(words: TargetWords, { interpreter: at }: Layout, interpreter: Address): Address {
  return words.read(interpreter + at.imports_modules) ?? 0;
}

/** Address of the dict of a module's names; undefined if it is not in `modules`. */
export function moduleNames(
  words: TargetWords,
  dicts: RemoteDicts,
  { object }: Layout,
  modules: Address,
  name: string,
): Address | undefined {
  const module = dicts.item(modules, name);
  // `md_dict` is the first field of a module.
  return module === undefined ? undefined : words.read(module + object.size);
}
