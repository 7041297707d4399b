import type { Field, Offsets } from "./offsets.js";

/** Far above the largest struct (`_PyRuntime`, 400 KB): what is beyond is not a size. */
const LARGEST_SIZE = 64 * 1024 * 1024;

/** Fields that are not 8 bytes wide. */
const widths: ReadonlyMap<string, number> = new Map<Field, number>([
  ["thread_state.status", 4],
  ["thread_state.holds_gil", 4],
  ["thread_state.gil_requested", 4],
  ["interpreter_frame.owner", 1],
  ["interpreter_frame.tlbc_index", 4],
  ["interpreter_state.tlbc_generation", 4],
  ["interpreter_state.gil_runtime_state_locked", 4],
  ["code_object.firstlineno", 4],
  ["code_object.argcount", 4],
  ["long_object.ob_digit", 4],
  ["bytes_object.ob_sval", 1],
  ["unicode_object.state", 4],
  ["gc.collecting", 4],
  ["gen_object.gi_frame_state", 1],
  ["debugger_support.remote_debugging_enabled", 4],
  ["debugger_support.debugger_pending_call", 4],
  ["debugger_support.debugger_script_path", 1],
]);

/** Fields that are not an offset into the struct that their group is named after, or overlap others of it. */
const detachedFields: ReadonlySet<string> = new Set<Field>([
  "interpreter_state.gil_runtime_state",
  "interpreter_state.gil_runtime_state_enabled",
  "debugger_support.eval_breaker",
  "debugger_support.remote_debugger_support",
  "debugger_support.remote_debugging_enabled",
]);

/** Things whose places are derived from a field: how far before and behind the field they reach. */
const neighbours: readonly (readonly [Field, before: number, behind: number])[] = [
  ["code_object.argcount", 4, 32],
  ["code_object.co_code_adaptive", 16, 0],
  ["thread_state.datastack_chunk", 0, 24],
  ["type_object.tp_name", 0, 16],
  ["type_object.tp_flags", 0, 128],
];

/** The first reason not to believe a table, if there is one: `thread_state.interp is 8000 in 312 bytes`. */
export function findContradiction(offsets: Offsets, freeThreaded: boolean): string | undefined {
  const sizes: Readonly<Record<string, number | undefined>> = offsets;
  const taken = new Map<string, { readonly field: string; readonly start: number; readonly end: number }[]>();
  for (const [field, value] of Object.entries(offsets)) {
    const group = field.slice(0, field.indexOf("."));
    const size = sizes[`${group}.size`];
    if (field.endsWith("size")) {
      // The smaller structs that a string can end with are part of the largest.
      const largest = group === "unicode_object" && size !== undefined ? size : LARGEST_SIZE;
      if (value === 0 || value > largest) return `${field} is ${value}`;
      continue;
    }
    const width = widths.get(field) ?? 8;
    if (value % width !== 0) return `${field} is ${value}, which is not a multiple of ${width}`;
    if (detachedFields.has(field)) continue;
    if (size !== undefined && value + width > size) return `${field} is ${value} in ${size} bytes`;
    const end = value + width;
    const others = taken.get(group);
    const other = others?.find((each) => each.start < end && value < each.end);
    if (other !== undefined) return `${field} and ${other.field} are at the same place`;
    if (others === undefined) taken.set(group, [{ field, start: value, end }]);
    else others.push({ field, start: value, end });
  }
  return findMisplaced(offsets, sizes, freeThreaded);
}

/** What a table can have wrong between its groups, or next to its fields. */
function findMisplaced(
  offsets: Offsets,
  sizes: Readonly<Record<string, number | undefined>>,
  freeThreaded: boolean,
): string | undefined {
  const header = offsets["pyobject.size"];
  if (header !== (freeThreaded ? 32 : 16)) return `pyobject.size is ${header}`;
  const gil = offsets["interpreter_state.gil_runtime_state"];
  for (const field of ["gil_runtime_state_locked", "gil_runtime_state_holder"] as const) {
    const value = offsets[`interpreter_state.${field}`];
    if (value < gil || value > gil + 256) return `interpreter_state.${field} is ${value} for a GIL at ${gil}`;
  }
  const interpreter = offsets["interpreter_state.size"];
  const gc = offsets["interpreter_state.gc"];
  if (gc + offsets["gc.size"] > interpreter) return `interpreter_state.gc is ${gc} in ${interpreter} bytes`;
  for (const [field, before, behind] of neighbours) {
    const value = offsets[field] ?? 0;
    const size = sizes[`${field.slice(0, field.indexOf("."))}.size`] ?? 0;
    if (value < before || value + behind > size) return `${field} is ${value} in ${size} bytes`;
  }
  return undefined;
}
