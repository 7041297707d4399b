import manifest from "../package.json" with { type: "json" };

/** The version of this package. It is in its manifest alone, so that a release needs no second place to change. */
export function packageVersion(): string {
  return manifest.version;
}
