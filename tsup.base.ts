import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig, type Options } from "tsup";

/**
 * How every package is built: ES modules for Node 20, declarations of the public entries only.
 * Declarations must not see the source condition, or siblings' sources are inlined into them.
 *
 * A profiler is started often and runs for a moment, so it matters what loading takes: each file 2 % of what Node itself
 * takes to start, and the rest by its size (docs/decisions/0007-the-command-is-a-bundle.md).
 *
 * @param apart what public entries load when it is needed. If there is any, every entry is one file, whatever it shares with others
 */
export function buildOf(
  entry: Readonly<Record<string, string>>,
  apart: Readonly<Record<string, string>> = {},
): ReturnType<typeof defineConfig> {
  const all = { ...entry, ...apart };
  const options: Options = {
    entry: all,
    format: ["esm"],
    target: "node20",
    platform: "node",
    sourcemap: true,
    clean: true,
    splitting: Object.keys(apart).length === 0,
    treeshake: true,
    esbuildPlugins: [builtinsWithoutFacade, entriesOnDemand(all)],
    // Names stay as they are, for the stack traces that people report.
    esbuildOptions(build) {
      build.minifyWhitespace = true;
      build.minifySyntax = true;
    },
    dts: {
      entry,
      // tsup 8 injects `baseUrl`, which TypeScript 6 reports as deprecated.
      compilerOptions: { ignoreDeprecations: "6.0", customConditions: [] },
    },
  };
  return defineConfig(options);
}

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/**
 * Takes Node's own modules without importing them: for an import, Node asks a module for all that it exports, and some of that is
 * made when it is asked for. `node:fs` loads all of the streams then, and `node:util` what parses arguments and MIME types.
 */
const builtinsWithoutFacade: Plugin = {
  name: "builtins-without-facade",
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: readFileSync(path, "utf8").replace(
        /^import \{([^}]*)\} from ("node:[^"]+");$/gm,
        (_, names: string, module: string) => {
          const values = names.replace(/\btype \w+,?/g, "").replace(/ as /g, ": ");
          return `const {${values}} = process.getBuiltinModule(${module});`;
        },
      ),
    }));
  },
};

/** `import("./some/entry.js")` of one entry in another loads the file that the entry becomes. */
function entriesOnDemand(entries: Readonly<Record<string, string>>): Plugin {
  const names = new Map(Object.entries(entries).map(([name, path]) => [resolve(path), name]));
  return {
    name: "entries-on-demand",
    setup(build) {
      build.onResolve({ filter: /^\..*\.js$/ }, ({ kind, path, resolveDir }) => {
        if (kind !== "dynamic-import") return undefined;
        const name = names.get(resolve(resolveDir, path.replace(/\.js$/, ".ts")));
        return name === undefined ? undefined : { path: `./${name}.js`, external: true };
      });
    },
  };
}
