import type { DebianRecipe } from "./debian-root.js";
import type { Python } from "./find-pythons.js";
import type { SourceRecipe } from "./free-threaded-build.js";
import { runs32BitPrograms } from "./programs-32-bit.js";

/** A kind of interpreter that the tests should meet. */
export interface WantedPython {
  /** For people, and the name of its folder in the cache. */
  readonly name: string;
  /** Continuous integration fails without one, on machines that can run it. */
  readonly required: boolean;
  /** `3.13` */
  readonly series: string;
  readonly freeThreaded: boolean;
  readonly debug: boolean;
  readonly bits: 32 | 64;
  /** True for one in a `libpython.so`, false for one in the executable, undefined if either will do. */
  readonly shared: boolean | undefined;
  /** How to provide one. Absent where no suite of Debian has it; pyenv has. */
  readonly recipe?: DebianRecipe | SourceRecipe;
}

export function isWanted(wanted: WantedPython, python: Python): boolean {
  const { version, freeThreaded, debug, bits, shared } = python;
  return (
    wanted.series === `${version.major}.${version.minor}` &&
    wanted.freeThreaded === freeThreaded &&
    wanted.debug === debug &&
    wanted.bits === bits &&
    (wanted.shared === undefined || wanted.shared === shared)
  );
}

const required = { required: true, freeThreaded: false, debug: false, bits: 64, shared: undefined } as const;
const debug = { ...required, debug: true } as const;
/** Debian's executables contain the interpreter and are stripped; those of pyenv and uv are not. */
const alsoDebian = { ...required, required: false, shared: false } as const;

/** Oldest first. */
export const wantedPythons: readonly WantedPython[] = [
  { name: "2.7", series: "2.7", ...required },
  { name: "2.7-static", series: "2.7", ...alsoDebian, recipe: debian("2.7", "", ["bullseye"]) },
  { name: "3.6", series: "3.6", ...required },
  { name: "3.7", series: "3.7", ...required },
  { name: "3.8", series: "3.8", ...required },
  { name: "3.9", series: "3.9", ...required },
  { name: "3.9-static", series: "3.9", ...alsoDebian, recipe: debian("3.9", "", ["bullseye"]) },
  { name: "3.9-debug", series: "3.9", ...debug, recipe: debian("3.9", "-dbg", ["bullseye"]) },
  { name: "3.10", series: "3.10", ...required },
  { name: "3.11-shared", series: "3.11", ...required, shared: true },
  {
    name: "3.11-static",
    series: "3.11",
    ...required,
    shared: false,
    recipe: debian("3.11", "", ["bookworm"]),
  },
  {
    ...{ name: "3.11-32-bit", series: "3.11", ...required, bits: 32, shared: false },
    recipe: { ...debian("3.11", "", ["bookworm"]), architecture: "i386" },
  },
  { name: "3.12", series: "3.12", ...required },
  { name: "3.13", series: "3.13", ...required },
  {
    name: "3.13-static",
    series: "3.13",
    ...alsoDebian,
    recipe: debian("3.13", "", ["sid", "forky", "trixie"]),
  },
  {
    ...{ name: "3.13t", series: "3.13", ...required, freeThreaded: true },
    // The sources of newer suites are indexed, but not always served.
    recipe: { kind: "source", suite: "trixie", sourcePackage: "python3.13", configure: ["--disable-gil"] },
  },
  { name: "3.14", series: "3.14", ...required, recipe: debian("3.14", "", ["sid", "forky"]) },
  { name: "3.14-debug", series: "3.14", ...debug, recipe: debian("3.14", "-dbg", ["sid", "forky"]) },
  { name: "3.15", series: "3.15", ...required, recipe: debian("3.15", "", ["sid", "forky"]) },
];

/** The wanted ones that are not among these; 32-bit ones only on a machine that runs such programs. */
export function missingPythons(
  pythons: readonly Python[],
  runs32Bit = runs32BitPrograms(),
): readonly WantedPython[] {
  return wantedPythons
    .filter(({ bits }) => bits === 64 || runs32Bit)
    .filter((wanted) => !pythons.some((python) => isWanted(wanted, python)));
}

function debian(series: string, flavour: "" | "-dbg", suites: readonly string[]): DebianRecipe {
  return {
    kind: "debian",
    suites,
    architecture: "amd64",
    package: `python${series}${flavour}`,
    headers: `libpython${series}-dev`,
  };
}
