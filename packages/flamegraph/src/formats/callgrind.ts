import { type Costs, callGraph } from "../call-graph.js";
import { printable } from "../printable-text.js";
import type { Profile } from "../profile.js";
import { ShownStacks } from "../shown-stacks.js";
import { creatorOf, type FormatOptions } from "./format-options.js";

/**
 * Writes the format of Valgrind's callgrind (https://valgrind.org/docs/manual/cl-format.html), for KCachegrind, QCachegrind and
 * callgrind_annotate.
 *
 * Events: `Samples`, and `Wall`, the nanoseconds that they stand for (`SampleWeights`). `calls` is the number of samples that show
 * the call, since a sampler does not know how often it was made. Readers take the cost of a function from the calls to it;
 * recursion does not inflate it (see `CallGraph`), and outermost frames are called by `<all>`.
 */
export function* callgrind(profile: Profile, options: FormatOptions = {}): Generator<string> {
  const shown = new ShownStacks(profile, options);
  const graph = callGraph(profile, shown, options);
  const { metadata } = profile;
  yield `# callgrind format\nversion: 1\ncreator: ${creatorOf(metadata, " ")}\n`;
  yield `cmd: ${printable(metadata.command.join(" "))}\npositions: line\n`;
  yield "event: Wall : Wall time in nanoseconds\nevents: Samples Wall\n";
  yield `summary: ${cost(graph.all.samples, graph.all.time)}\n`;
  const names = new CompressedNames();
  const framesOfFunction = lists(shown.functions.length, shown.frames.size, (frame) =>
    shown.frames.first(frame),
  );
  const { pairs } = graph.calls;
  const callsOfFrame = lists(shown.frames.size, pairs.size, (call) => pairs.first(call));
  if (graph.all.samples > 0) yield `\nfl=${names.ofFile("")}\nfn=(1) <all>\n`;
  for (let pair = 0; pair < graph.callers.pairs.size; pair++) {
    const { pairs, seen, total } = graph.callers;
    if (pairs.second(pair) === -1) yield callText(shown, names, pairs.first(pair), 0, at(seen, total, pair));
  }
  for (let id = 0; id < shown.functions.length; id++) {
    const place = names.ofFunction(shown, id);
    yield `\nfl=${place.file}\nfn=${place.name}\n`;
    for (const frame of framesOfFunction[id] ?? []) {
      const line = shown.lineOfFrame(frame);
      const { samples, time } = graph.selfOfFrame;
      if ((samples[frame] ?? 0) > 0) yield `${line} ${cost(samples[frame], time[frame])}\n`;
      for (const call of callsOfFrame[frame] ?? []) {
        yield callText(shown, names, pairs.second(call), line, at(graph.calls.seen, graph.calls.cost, call));
      }
    }
  }
}

interface CallCost {
  readonly seen: number;
  readonly samples: number;
  readonly time: number;
}

function at(seen: Float64Array, { samples, time }: Costs, index: number): CallCost {
  return { seen: seen[index] ?? 0, samples: samples[index] ?? 0, time: time[index] ?? 0 };
}

function callText(
  shown: ShownStacks,
  names: CompressedNames,
  callee: number,
  line: number,
  call: CallCost,
): string {
  const place = names.ofFunction(shown, callee);
  const firstLine = shown.functions[callee]?.firstLine ?? 0;
  return (
    `cfi=${place.file}\ncfn=${place.name}\ncalls=${Math.round(call.seen)} ${firstLine}\n` +
    `${line} ${cost(call.samples, call.time)}\n`
  );
}

function cost(samples = 0, time = 0): string {
  return `${Math.round(samples)} ${Math.round(time)}`;
}

/** The numbers below `count`, by what `keyOf` says of each. */
function lists(
  keys: number,
  count: number,
  keyOf: (index: number) => number,
): readonly (readonly number[])[] {
  const lists: number[][] = Array.from({ length: keys }, () => []);
  for (let index = 0; index < count; index++) lists[keyOf(index)]?.push(index);
  return lists;
}

/** Writes a name with its number the first time, `(1) main`, and then the number alone: no name can be taken for one. */
class CompressedNames {
  readonly #files = new Map<string, number>();
  readonly #functions = new Set<number>();

  ofFunction({ functions }: ShownStacks, id: number): { file: string; name: string } {
    const { file = "", name = "" } = functions[id] ?? {};
    const isNew = !this.#functions.has(id);
    this.#functions.add(id);
    return { file: this.ofFile(file), name: isNew ? `(${id + 2}) ${name}` : `(${id + 2})` };
  }

  ofFile(file: string): string {
    const known = this.#files.get(file);
    if (known !== undefined) return `(${known})`;
    const id = this.#files.size + 1;
    this.#files.set(file, id);
    return `(${id}) ${file === "" ? UNKNOWN_FILE : file}`;
  }
}

/** As callgrind itself calls it. */
const UNKNOWN_FILE = "???";
