import { defineConfig, type Options } from "tsup";

/**
 * How every package is built: ES modules for Node 20, declarations from the public entry only.
 * Declarations must not see the source condition, or siblings' sources are inlined into them.
 */
export function buildOf(entry: Record<string, string>): ReturnType<typeof defineConfig> {
  const options: Options = {
    entry,
    format: ["esm"],
    target: "node20",
    platform: "node",
    sourcemap: true,
    clean: true,
    treeshake: true,
    // What a program loads, it also parses. Names stay, for the stack traces that people report.
    esbuildOptions(build) {
      build.minifyWhitespace = true;
      build.minifySyntax = true;
    },
    dts: {
      entry: { index: "src/index.ts" },
      // tsup 8 injects `baseUrl`, which TypeScript 6 reports as deprecated.
      compilerOptions: { ignoreDeprecations: "6.0", customConditions: [] },
    },
  };
  return defineConfig(options);
}
