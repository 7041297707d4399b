import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "rolldown";
import { parseSync, Visitor } from "rolldown/utils";

/** Packages that are bundled from their sources, so that a command loads of them what it needs. */
const looking = ["stack-sampler", "proc-memory", "binary-symbols", "cpython-layouts"] as const;

/** What every command needs. */
const basics =
  /\/cli\/src\/(terminal\/(style|is-terminal|printable|counted|terminal|write-fully)|command-error)\.ts$/;

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
  plugins: [startsNoPrograms(), loadsFaster(), isCommonJs()],
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
        { name: "command", test: basics, priority: 1 },
        { name: "arguments", test: /\/commander\/|\/src\/(args|[a-z]+-arguments|argument-values)\.ts$/ },
        // What most commands need, in one file: each takes half a per cent of what Node takes to start.
        { name: "sampler", test: isOfSampler, minShareCount: 2 },
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

/** Has V8 do less for the same code. */
function loadsFaster(): Plugin {
  return {
    name: "loads-faster",
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === "chunk") file.code = withPlainExports(withQuotes(file.fileName, file.code));
      }
    },
  };
}

/** The minifier writes every string as a template, which V8 scans three times as slowly. Lengths stay, and the source map true. */
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

/** A function for each export is a hundredth of what a dump takes to start. They stand at the end, when all has its value. */
function withPlainExports(code: string): string {
  const getter =
    /Object\.defineProperty\(exports,"([^"]+)",\{enumerable:!0,get:function\(\)\{return ([\w$]+)\}\}\)/g;
  return code.replace(
    getter,
    (_, name: string, value: string) => `exports[${JSON.stringify(name)}]=${value}`,
  );
}

function isCommonJs(): Plugin {
  return {
    name: "is-commonjs",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "package.json", source: '{ "type": "commonjs" }\n' });
    },
  };
}
