import { findDebugImage } from "@pyspy/binary-symbols";
import { formatVersion, type Layout, LayoutError } from "@pyspy/cpython-layouts";
import type { Address, MemoryMap, ProcessView } from "@pyspy/proc-memory";
import { monotonicTime } from "../monotonic-time.js";
import type { PythonRuntime } from "../python/python-runtime.js";
import { TargetWords } from "../python/target-words.js";
import { type BinaryClues, type RuntimeClue, readClues, type VainLook } from "./binary-clues.js";
import type { Discovery, DiscoveryMethod, DiscoveryStep } from "./discovery.js";
import {
  type Identification,
  identifyInterpreterHead,
  identifyKnown,
  identifyRuntime,
  isFinalized,
  type LoadedBinary,
} from "./identify-runtime.js";
import { type MappedBinary, mappedBinaries, withImage } from "./mapped-binaries.js";
import { findCookie, scanVariables } from "./search-variables.js";

type Failure = Exclude<Identification, { kind: "found" }>;

/** For so many milliseconds a Python that was about to begin is only asked whether it has. */
const FULL_LOOK_PAUSE = 20;
/** Milliseconds until a binary that told nothing is searched again, which doubles every time: its Python may not have begun. */
const FIRST_SEARCH_PAUSE = 20;

const NO_DEBUG_FILE: VainLook = {
  method: "debug-file",
  outcome: "nothing",
  detail: "there is none that can be read",
};

/** What has been found out about binaries, by their device and inode. */
export class KnownBinaries {
  /** What they tell; undefined for what is none. A process that is starting is looked at again and again. */
  readonly clues = new Map<string, BinaryClues | undefined>();
  /** What a Python of each looks like in memory, as one that has begun has told. */
  readonly layouts = new Map<string, Layout>();
  /** Those that were searched without finding anything, and when they are searched again: it is slow, and rarely of use. */
  readonly searches = new Map<string, { next: number; pause: number }>();
}

/**
 * Finds the CPythons of a process by what is mapped, never by what it is called. Each binary is asked in turn for what names
 * a runtime, and then, if that was not enough, those that name none are searched by one slower method after the other. What a
 * method leads to counts only if it is a runtime: it has an interpreter whose thread points back to it. Every look is kept,
 * so that a failure can explain itself.
 */
export class RuntimeFinder {
  readonly #process: ProcessView;
  readonly #known: KnownBinaries;
  /** A Python that was starting at the last look, and when that was. */
  #awaited:
    | { readonly runtime: PythonRuntime; readonly discovery: Discovery; readonly since: number }
    | undefined;

  /** @param known What is known already: many processes of a tree run the same binaries. */
  constructor(process: ProcessView, known: KnownBinaries = new KnownBinaries()) {
    this.#process = process;
    this.#known = known;
  }

  /** Looks for the first Python, which is nearly always the only one. Throws proc-memory's `ProcessError` if the process cannot be looked into. */
  async find(): Promise<Discovery> {
    return this.#stillStarting() ?? (await this.#look(1));
  }

  /** Looks for all of them: in every binary that is mapped. */
  findAll(): Promise<Discovery> {
    return this.#look(Number.POSITIVE_INFINITY);
  }

  /**
   * What was found at the last look, if that was a Python without an interpreter and there is still none: two reads, where to look
   * at all that is mapped takes a hundred times as long, and who starts on a busy machine is looked at often. An `execve` unmaps it.
   */
  #stillStarting(): Discovery | undefined {
    const awaited = this.#awaited;
    if (awaited === undefined || monotonicTime() - awaited.since > FULL_LOOK_PAUSE) return undefined;
    const { memory } = this.#process;
    const { layout, interpretersHead } = awaited.runtime;
    const head = new TargetWords(memory, layout.pointerSize).read(interpretersHead);
    return head === 0 && !isFinalized(memory, awaited.runtime) ? awaited.discovery : undefined;
  }

  async #look(wanted: number): Promise<Discovery> {
    const steps: DiscoveryStep[] = [];
    const runtimes: PythonRuntime[] = [];
    const failures: Failure[] = [];
    const take = (identified: Identification | undefined) => {
      if (identified?.kind === "found") runtimes.push(identified.runtime);
      else if (identified !== undefined) failures.push(identified);
    };
    const maps = this.#process.maps();
    const nameless: { readonly binary: MappedBinary; readonly loaded: LoadedBinary }[] = [];
    for (const binary of mappedBinaries(maps, this.#process.executable)) {
      if (runtimes.length >= wanted) break;
      const loaded = await this.#load(binary, maps, steps);
      if (loaded?.clues.runtime !== undefined)
        take(this.#identify(loaded, loaded.clues.runtime, binary.identity, steps));
      else if (loaded !== undefined) nameless.push({ binary, loaded });
    }
    for (const { binary, loaded } of nameless) {
      if (runtimes.length >= wanted) break;
      take(await this.#search(binary, loaded, steps));
    }
    this.#awaited = undefined;
    if (runtimes.length > 0) return { kind: "found", runtimes, maps, steps };
    const { runtime, ...failure } = { runtime: undefined, ...mostTelling(failures) };
    const discovery: Discovery = { ...failure, steps };
    if (runtime !== undefined) this.#awaited = { runtime, discovery, since: monotonicTime() };
    return discovery;
  }

  /** Reads what a binary tells, once. */
  async #load(
    binary: MappedBinary,
    maps: readonly MemoryMap[],
    steps: DiscoveryStep[],
  ): Promise<LoadedBinary | undefined> {
    const { identity, path } = binary;
    const known = this.#known.clues;
    if (!known.has(identity)) {
      const clues = await withImage(this.#process, binary, (image) => readClues(image));
      known.set(identity, clues);
      if (clues === undefined)
        steps.push(step(path, "open", "unreadable", "it is not a binary that can be read"));
    }
    const clues = known.get(identity);
    if (clues === undefined) return undefined;
    const bias = loadBias(binary, clues, maps);
    if (bias === undefined) steps.push(step(path, "open", "nothing", "it is mapped, but not loaded"));
    return bias === undefined ? undefined : { path, clues, bias };
  }

  #identify(
    loaded: LoadedBinary,
    clue: RuntimeClue,
    identity: string,
    steps: DiscoveryStep[],
  ): Identification {
    const { memory } = this.#process;
    steps.push(...loaded.clues.vainLooks.map((look) => ({ image: loaded.path, ...look })));
    const layout = this.#known.layouts.get(identity);
    const identify = clue.kind === "runtime" ? identifyRuntime : identifyInterpreterHead;
    const identified =
      (layout && identifyKnown(memory, loaded, layout, clue)) ??
      identify(memory, loaded, loaded.bias + clue.place);
    if (identified.kind === "found") this.#known.layouts.set(identity, identified.runtime.layout);
    steps.push(stepOf(loaded.path, clue.method, identified));
    return identified;
  }

  /** Searches for what a binary does not name: in its debug file, which is looked for once, and then in its variables, from time to time. */
  async #search(
    binary: MappedBinary,
    loaded: LoadedBinary,
    steps: DiscoveryStep[],
  ): Promise<Identification | undefined> {
    const { path, identity } = binary;
    const known = this.#known.searches.get(identity);
    const clues = known === undefined ? await this.#withDebugFile(binary, loaded.clues) : loaded.clues;
    this.#known.clues.set(identity, clues);
    if (clues.runtime !== undefined)
      return this.#identify({ ...loaded, clues }, clues.runtime, identity, steps);
    steps.push(...clues.vainLooks.map((look) => ({ image: path, ...look })));
    const now = monotonicTime();
    const { next, pause } = known ?? { next: 0, pause: FIRST_SEARCH_PAUSE };
    if (now < next) return undefined;
    const found = this.#searchVariables({ ...loaded, clues }, steps);
    this.#known.searches.set(
      identity,
      found === undefined ? { next: now + pause, pause: pause * 2 } : { next: 0, pause },
    );
    return found;
  }

  /** What a binary and its debug file tell together. */
  async #withDebugFile(binary: MappedBinary, own: BinaryClues): Promise<BinaryClues> {
    const openFile = (name: string) => this.#process.openFile(name);
    const clues = await withImage(this.#process, binary, async (image) => {
      using debug = await findDebugImage(image, { path: binary.path, openFile });
      return debug && readClues(image, debug.image);
    });
    return clues ?? { ...own, vainLooks: [...own.vainLooks, NO_DEBUG_FILE] };
  }

  #searchVariables(loaded: LoadedBinary, steps: DiscoveryStep[]): Identification | undefined {
    const { memory } = this.#process;
    const { path } = loaded;
    const cookie = findCookie(memory, loaded);
    if (cookie !== undefined) {
      const identified = identifyRuntime(memory, loaded, cookie);
      steps.push(stepOf(path, "cookie", identified));
      return identified;
    }
    steps.push(step(path, "cookie", "nothing", "none of its variables has the mark xdebugpy"));
    try {
      const runtime = scanVariables(memory, loaded);
      if (runtime === undefined) {
        steps.push(step(path, "scan", "nothing", "no variable of it leads to an interpreter"));
        return undefined;
      }
      steps.push(step(path, "scan", "found", describe(runtime)));
      return { kind: "found", runtime };
    } catch (error) {
      if (!(error instanceof LayoutError)) throw error;
      // Another program's text can look like a Python's version.
      if (!loaded.clues.isPython) {
        steps.push(step(path, "scan", "nothing", "it has no version of a Python that is known"));
        return undefined;
      }
      const identified: Identification = { kind: "unsupported", reason: error.message, cause: error };
      steps.push(stepOf(path, "scan", identified));
      return identified;
    }
  }
}

/**
 * What to add to get addresses where the binary is loaded, which is where its variables can be written: a program may also
 * map a file only to read it, such as its own executable for a stack trace.
 */
function loadBias(
  { maps: ownMaps }: MappedBinary,
  { variables, bias: biasOf }: BinaryClues,
  maps: readonly MemoryMap[],
): number | undefined {
  // The first page of variables is write-protected when it has been relocated.
  const isLoaded = (bias: number) =>
    variables.some(({ offset, size }) => isWritable(maps, bias + offset + size - 1));
  for (const { start, offset, executable } of ownMaps) {
    const bias = biasOf({ address: start, fileOffset: offset, executable });
    if (bias !== undefined && isLoaded(bias)) return bias;
  }
  return undefined;
}

function isWritable(maps: readonly MemoryMap[], address: Address): boolean {
  return maps.some(({ start, end, writable }) => writable && start <= address && address < end);
}

function step(
  image: string,
  method: DiscoveryStep["method"],
  outcome: DiscoveryStep["outcome"],
  detail: string,
): DiscoveryStep {
  return { image, method, outcome, detail };
}

function stepOf(image: string, method: DiscoveryMethod, identified: Identification): DiscoveryStep {
  switch (identified.kind) {
    case "found":
      return step(image, method, "found", describe(identified.runtime));
    case "starting":
      return step(image, method, "starting", "it has no interpreter with a thread yet");
    case "finalized":
      return step(image, method, "finalized", "it has been finalized");
    case "denied":
      return step(image, method, "unreadable", "its memory may not be read");
    case "unsupported":
      return step(image, method, "unsupported", identified.reason);
  }
}

function describe({ layout }: PythonRuntime): string {
  return `CPython ${formatVersion(layout.version)}${layout.freeThreaded ? ", free-threaded" : ""}`;
}

/** Of several binaries that could not be sampled, what is told: a Python that may start is more than one that cannot be read. */
function mostTelling(failures: readonly Failure[]): Failure | { readonly kind: "absent" } {
  const order: readonly Failure["kind"][] = ["starting", "finalized", "unsupported", "denied"];
  const rank = ({ kind }: Failure) => order.indexOf(kind);
  return [...failures].sort((left, right) => rank(left) - rank(right))[0] ?? { kind: "absent" };
}
