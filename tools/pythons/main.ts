/**
 * `npm run pythons`: lists the CPythons of this machine, and provides those that the tests want.
 *
 *   npm run pythons                 what is there, and what --provide would do
 *   npm run pythons -- --provide    fetch or build what is missing, into a cache outside the checkout
 *   npm run pythons -- --require    fail if one that continuous integration requires is missing
 *   npm run pythons -- --json       the list for programs
 *
 * Exit code 1: a required one is missing. 3: a required one could not be provided, which says nothing about the
 * code: Debian's suites move, and a network can be down.
 */
import { parseArgs } from "node:util";
import { cacheDirectory } from "./cache-directory.js";
import { findPythons } from "./find-pythons.js";
import { runs32BitPrograms } from "./programs-32-bit.js";
import { type Provision, providePythons } from "./provide.js";
import { missingPythons, type WantedPython } from "./wanted-pythons.js";

const { values: flags } = parseArgs({
  options: {
    provide: { type: "boolean", default: false },
    require: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

const runs32Bit = runs32BitPrograms();
const failed: Provision[] = [];
if (flags.provide) {
  const recipes = missing().filter((wanted) => wanted.recipe !== undefined);
  providePythons(recipes, (provision) => {
    if (provision.failure !== undefined) failed.push(provision);
    console.error(
      provision.failure === undefined
        ? `provided ${provision.name} in ${provision.seconds} s`
        : `could not provide ${provision.name}: ${provision.failure}`,
    );
  });
}

if (flags.json) console.log(JSON.stringify(findPythons(), undefined, 2));
else list();

if (flags.require) {
  const absent = missing().filter((wanted) => wanted.required);
  for (const { name } of absent) console.error(`missing ${name}`);
  const unprovided = absent.some(({ name }) => failed.some((provision) => provision.name === name));
  if (absent.length > 0) process.exitCode = unprovided ? 3 : 1;
}

function missing(): readonly WantedPython[] {
  return missingPythons(findPythons(), runs32Bit);
}

function list(): void {
  for (const { name, executable, source, shared } of findPythons()) {
    console.log(
      `${name.padEnd(20)} ${source.padEnd(7)} ${(shared ? "shared" : "static").padEnd(7)} ${executable}`,
    );
  }
  for (const wanted of missing()) {
    console.log(`${wanted.name.padEnd(20)} missing${wanted.required ? ", required" : ""}: ${remedy(wanted)}`);
  }
  if (!runs32Bit) console.log("32-bit x86 programs do not run on this machine, so none is wanted");
}

function remedy({ recipe, series }: WantedPython): string {
  if (recipe === undefined) return `install Python ${series} with pyenv`;
  const into = `into ${cacheDirectory()}`;
  return recipe.kind === "debian"
    ? `--provide would unpack ${recipe.package} of ${recipe.suites.join(" or ")} ${into}`
    : `--provide would build ${recipe.sourcePackage} of ${recipe.suite} ${into}`;
}
