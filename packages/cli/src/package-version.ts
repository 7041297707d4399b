import { readFileSync } from "node:fs";

/** The version of this package. Read from its manifest, so that a release needs no second place to change. */
export function packageVersion(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  );
  return manifest.version;
}
