import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "rolldown";

/** What looks into processes: nearly all of it is needed by every command that does. */
const sampler = /\/packages\/(stack-sampler|proc-memory|binary-symbols|cpython-layouts)\//;

/** The command as a bundle of CommonJS modules, a few files for each command: docs/decisions/0007-the-command-is-a-bundle.md. */
export default defineConfig({
  input: {
    cli: "src/cli.ts",
    // Started by its name beside the module that starts it.
    worker: fileURLToPath(new URL("worker.js", import.meta.resolve("@pyspy/stack-sampler"))),
  },
  platform: "node",
  external: ["koffi", "xz-decompress"],
  transform: { target: "node20" },
  plugins: [startsNoPrograms(), isCommonJs()],
  output: {
    dir: "dist/command",
    format: "cjs",
    exports: "named",
    dynamicImportInCjs: false,
    externalLiveBindings: false,
    sourcemap: true,
    // Names stay as they are, for the stack traces that people report.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    codeSplitting: {
      groups: [
        { name: "sampler", test: (id) => sampler.test(id) && !/\/(worker|locals)\.js$/.test(id) },
        { name: "arguments", test: /\/commander\/|\/src\/(args|[a-z]+-arguments|argument-values)\.ts$/ },
      ],
    },
  },
});

/** commander could start other programs as its commands, for which it loads what loads half of Node. None of ours are. */
function startsNoPrograms(): Plugin {
  const nothing = "\0nothing";
  return {
    name: "starts-no-programs",
    resolveId: (id, importer) =>
      id === "node:child_process" && importer?.includes("/commander/") ? nothing : undefined,
    load: (id) => (id === nothing ? "export default {}" : undefined),
  };
}

function isCommonJs(): Plugin {
  return {
    name: "is-commonjs",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "package.json", source: '{ "type": "commonjs" }\n' });
    },
  };
}
