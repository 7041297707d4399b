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
  plugins: [commanderAsModules(), loadsFaster(), isCommonJs()],
  output: {
    dir: "dist/command",
    format: "cjs",
    exports: "named",
    dynamicImportInCjs: false,
    externalLiveBindings: false,
    sourcemap: true,
    // Functions and classes keep their names, for the stack traces that people report.
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

/**
 * commander as ES modules: as CommonJS modules they are functions, which V8 parses twice. It could start other programs as its
 * commands, for which it loads what loads half of Node; none of ours are.
 */
function commanderAsModules(): Plugin {
  return {
    name: "commander-as-modules",
    transform(code, id) {
      if (/\/commander\/esm\.mjs$/.test(id)) return commanderExports;
      if (!/\/commander\/lib\//.test(id)) return undefined;
      const module = code
        .replace(/^const (\{.*\}) = require\((.*)\);$/gm, "import $1 from $2;")
        .replace(/= require\('node:child_process'\)/, "= {}")
        .replace(/= require\(('node:\w+')\)/g, "= globalThis.process.getBuiltinModule($1)")
        .replace(/^exports\.(\w+) = \w+;/gm, "export { $1 };");
      if (/\b(require\(|exports\.)/.test(module))
        throw new Error(`${id} is written in another way than it was`);
      return module;
    },
  };
}

const commanderExports = `
  export { Command } from "./lib/command.js";
  export { CommanderError } from "./lib/error.js";
  export { Option } from "./lib/option.js";
`;

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

/**
 * A function for each export is a hundredth of what a dump takes to start. Exports stand at the end, when all has its value, and no
 * module of ours gives an export another one later.
 */
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
