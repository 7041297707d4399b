/** Checks what each package would publish: publint, "are the types wrong", and promises of our own. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Manifest {
  readonly name: string;
  readonly type?: string;
  readonly sideEffects?: boolean;
  readonly license?: string;
  readonly engines?: { readonly node?: string };
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const installHooks = ["preinstall", "install", "postinstall", "prepare"];
let failures = 0;

for (const folder of readdirSync("packages").map((name) => join("packages", name))) {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  for (const problem of problemsOf(folder, manifest)) fail(`${manifest.name}: ${problem}`);
  run("publint", ["--strict", folder]);
  if (manifest.name !== "pyspy") run("attw", ["--pack", folder, "--profile", "esm-only"]);
}
process.exitCode = failures > 0 ? 1 : 0;

function problemsOf(folder: string, manifest: Manifest): readonly string[] {
  const problems: string[] = [];
  if (manifest.type !== "module") problems.push("is not an ES module package");
  if (manifest.sideEffects !== false) problems.push("does not say that it has no side effects");
  if (manifest.license !== "MIT") problems.push("has no MIT licence");
  if (manifest.engines?.node !== ">=20.19.0") problems.push("does not say which Node it needs");
  for (const hook of installHooks) {
    if (manifest.scripts?.[hook] !== undefined) problems.push(`runs a script on install: ${hook}`);
  }
  for (const file of ["README.md", "LICENSE"]) {
    if (!existsSync(join(folder, file))) problems.push(`has no ${file}`);
  }
  const koffi = manifest.dependencies?.["koffi"];
  if (koffi !== undefined && !/^\d+\.\d+\.\d+$/.test(koffi)) problems.push("does not pin koffi exactly");
  return problems;
}

function run(tool: string, parameters: readonly string[]): void {
  try {
    execFileSync(join("node_modules", ".bin", tool), parameters, { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    fail(`${tool} ${parameters.join(" ")}\n${(error as { stdout?: string }).stdout ?? String(error)}`);
  }
}

function fail(problem: string): void {
  failures += 1;
  console.error(problem);
}
