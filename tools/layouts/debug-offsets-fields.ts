import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PythonHeaders } from "./headers.js";

/**
 * The names of the u64 fields of `_Py_DebugOffsets` after its header (cookie, version, free_threaded), in order, as
 * `group.field`; undefined for a version that has no such table (before 3.13).
 *
 * @throws Error when the definition is not a flat list of groups of u64
 */
export function debugOffsetsFieldsOf({
  version,
  folders: [folder = ""],
}: PythonHeaders): readonly string[] | undefined {
  const definition = ["pycore_debug_offsets.h", "pycore_runtime.h"]
    .map((name) => join(folder, "internal", name))
    .filter(existsSync)
    .map(
      (path) =>
        /typedef struct _Py_DebugOffsets \{(.*?)\n\} _Py_DebugOffsets;/s.exec(
          readFileSync(path, "utf8"),
        )?.[1],
    )
    .find((text) => text !== undefined);
  if (definition === undefined) return undefined;

  const plain = definition.replace(/\/\/[^\n]*|\/\*.*?\*\//gs, " ");
  const names: string[] = [];
  const rest = plain.replace(/struct (?:\w+\s*)?\{([^{}]*)\} (\w+);/g, (_, body: string, group: string) => {
    for (const [, field] of body.matchAll(/uint64_t (\w+);/g)) names.push(`${group}.${field}`);
    return body.replace(/uint64_t \w+;/g, "");
  });
  const header = /^\s*char cookie\[8\][^;]*;\s*uint64_t version;\s*uint64_t free_threaded;\s*$/;
  if (!header.test(rest))
    throw new Error(`Cannot read _Py_DebugOffsets of CPython ${version}: ${rest.trim()}`);
  return names;
}
