import type { MemoryMap, ProcessView } from "@pyspy/proc-memory";
import { type Discovery, identifyRuntime } from "./identify-runtime.js";
import { findRuntimePlace, type RuntimePlace } from "./runtime-place.js";

/** The mappings of one file, ascending. */
type FileMaps = readonly [MemoryMap, ...MemoryMap[]];

/**
 * Finds the CPython of a process by what is mapped: any executable or library that has a runtime is one,
 * whatever it is called.
 */
export class RuntimeFinder {
  readonly #process: ProcessView;
  /** What files are, by device and inode: a process that is starting is looked at again and again. */
  readonly #places = new Map<string, RuntimePlace | undefined>();

  constructor(process: ProcessView) {
    this.#process = process;
  }

  /** Looks now. Throws proc-memory's `ProcessError` if the process cannot be looked into. */
  find(): Discovery {
    let discovery: Discovery = { kind: "absent" };
    for (const maps of this.#binaries()) {
      const place = this.#placeOf(maps);
      const bias = place?.bias({ address: maps[0].start, fileOffset: maps[0].offset });
      if (place === undefined || bias === undefined) continue;
      discovery = identifyRuntime(this.#process.memory, place, bias, maps[0].path);
      if (discovery.kind === "found") return discovery;
    }
    return discovery;
  }

  /** What is mapped to be run: the executable first, then what is called like a Python, which is a hint that saves time. */
  #binaries(): FileMaps[] {
    const files = new Map<string, [MemoryMap, ...MemoryMap[]]>();
    for (const map of this.#process.maps()) {
      const maps = files.get(identityOf(map));
      if (map.inode === 0) continue;
      if (maps === undefined) files.set(identityOf(map), [map]);
      else maps.push(map);
    }
    const { executable } = this.#process;
    const rank = ([{ path }]: FileMaps) => (path === executable ? 0 : /python/i.test(path) ? 1 : 2);
    return [...files.values()]
      .filter((maps) => maps.some((map) => map.executable))
      .sort((left, right) => rank(left) - rank(right));
  }

  #placeOf([map]: FileMaps): RuntimePlace | undefined {
    const identity = identityOf(map);
    if (this.#places.has(identity)) return this.#places.get(identity);
    const file = this.#process.openMappedFile(map);
    if (file === undefined) return undefined;
    try {
      const place = findRuntimePlace(file);
      this.#places.set(identity, place);
      return place;
    } finally {
      file.close();
    }
  }
}

function identityOf(map: MemoryMap): string {
  return `${map.device}:${map.inode}`;
}
