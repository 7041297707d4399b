import { printableName } from "../printable-text.js";
import type { StackTree } from "../stack-tree.js";

/**
 * Writes collapsed stacks: a line for each stack that samples ended in, from the outermost frame to the innermost,
 * then a space and the number of samples. What flamegraph.pl, inferno, speedscope and py-spy's `raw` read and write.
 *
 * ```text
 * <module> (app.py:9);work (app.py:3) 12
 * ```
 *
 * Names that would break the form are changed: `;` becomes `:`, control characters become escapes such as
 * `\n`, and a number at the end of a line's last name is tied to it with `_`, since readers of differential
 * stacks would take it for a second count.
 *
 * @returns the lines in pieces, each with its line break, depth first by name; join them or write them one by one.
 */
export function* collapsedStacks(tree: StackTree): Generator<string> {
  const names = tree.labels.map(({ text }) => printableName(text).replaceAll(";", ":"));
  const lastNames = names.map((name) => name.replace(TRAILING_NUMBER, "_$1"));
  const path: string[] = [];
  const depths = new Int32Array(tree.parent.length);
  for (let node = 0; node < tree.parent.length; node++) {
    const parent = tree.parent[node] ?? -1;
    const depth = parent === -1 ? 0 : (depths[parent] ?? 0) + 1;
    depths[node] = depth;
    path.length = depth;
    const label = tree.label[node] ?? -1;
    const samples = tree.self[node] ?? 0;
    if (samples > 0) {
      path.push(lastNames[label] ?? "");
      // Samples of other profilers may be parts of one.
      yield `${path.join(";")} ${Math.round(samples * 1000) / 1000}\n`;
    }
    path[depth] = names[label] ?? "";
  }
}

const TRAILING_NUMBER = /\s+(\d+(?:\.\d*)?)$/;

/** All of {@link collapsedStacks} as one string; "" for a tree without samples. */
export function writeCollapsed(tree: StackTree): string {
  return Array.from(collapsedStacks(tree)).join("");
}
