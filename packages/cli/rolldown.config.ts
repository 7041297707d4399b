import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "rolldown";
import { parseSync, Visitor } from "rolldown/utils";

/** Packages that are bundled from their sources, so that a command loads of them what it needs. */
const looking = ["stack-sampler", "proc-memory", "binary-symbols", "cpython-layouts"] as const;

/** The command as a bundle of CommonJS modules, a few files for each command: docs/decisions/0007-the-command-is-a-bundle.md. */
export default defineConfig({
  input: {
    cli: "src/cli.ts",
    // Started by its name beside the module that starts it.
    worker: `${sourcesOf("stack-sampler")}worker/worker.ts`,
  },
  platform: "node",
  external: ["koffi", "xz-decompress"],
  resolve: {
    alias: Object.fromEntries(looking.map((name) => [`@pyspy/${name}`, `${sourcesOf(name)}index.ts`])),
  },
  transform: { target: "node20" },
  plugins: [startsNoPrograms(), quotesStrings(), isCommonJs()],
  output: {
    dir: "dist/command",
    format: "cjs",
    exports: "named",
    dynamicImportInCjs: false,
    externalLiveBindings: false,
    sourcemap: true,
    // Names stay as they are, for the stack traces that people report.
    minify: { compress: true, mangle: { keepNames: true }, codegen: { removeWhitespace: true } },
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    codeSplitting: {
      groups: [
        // Not in what parses arguments, which the version is told without.
        {
          name: "basics",
          test: /\/cli\/src\/(terminal\/(style|is-terminal)|command-error)\.ts$/,
          priority: 1,
        },
        { name: "arguments", test: /\/commander\/|\/src\/(args|[a-z]+-arguments|argument-values)\.ts$/ },
        // What most commands need, in one file: each takes half a per cent of what Node takes to start.
        { name: "sampler", test: isOfSampler, minShareCount: 2 },
        { name: "command", test: /\/cli\/src\//, minShareCount: 3 },
      ],
    },
  },
});

function sourcesOf(name: (typeof looking)[number]): string {
  return fileURLToPath(new URL(`../${name}/src/`, import.meta.url));
}

/** Not what reads tasks, variables and core files, which few ask for. */
function isOfSampler(id: string): boolean {
  return looking.some((name) => id.startsWith(sourcesOf(name))) && !/\/src\/(tasks|locals|core)\//.test(id);
}

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

/** The minifier writes every string as a template, which V8 scans three times as slowly. */
function quotesStrings(): Plugin {
  return {
    name: "quotes-strings",
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        // As long as it was, so the source map stays true.
        if (file.type === "chunk") file.code = withQuotes(file.fileName, file.code);
      }
    },
  };
}

function withQuotes(name: string, code: string): string {
  const units = code.split("");
  const tagged = new Set<number>();
  const visitor = new Visitor({
    TaggedTemplateExpression: ({ quasi }) => void tagged.add(quasi.start),
    TemplateLiteral({ start, end, expressions }) {
      if (expressions.length > 0 || tagged.has(start) || /["\n]/.test(code.slice(start, end))) return;
      units[start] = '"';
      units[end - 1] = '"';
    },
  });
  visitor.visit(parseSync(name, code).program);
  return units.join("");
}

function isCommonJs(): Plugin {
  return {
    name: "is-commonjs",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "package.json", source: '{ "type": "commonjs" }\n' });
    },
  };
}
