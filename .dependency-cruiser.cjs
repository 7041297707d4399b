/** The arrows of ARCHITECTURE.md, and no others. */

const arrows = {
  "proc-memory": [],
  "binary-symbols": [],
  "cpython-layouts": [],
  "stack-sampler": ["proc-memory", "binary-symbols", "cpython-layouts"],
  flamegraph: [],
  cli: ["stack-sampler", "flamegraph"],
};

const between = Object.entries(arrows).map(([from, allowed]) => ({
  name: `arrows-of-${from}`,
  comment: `${from} may import ${allowed.length > 0 ? allowed.join(", ") : "nothing of ours"}`,
  severity: "error",
  from: { path: `^packages/${from}/` },
  to: {
    path: "^(packages/[^/]+/|node_modules/(@pyspy/|pyspy/))",
    pathNot: [from, ...allowed].map((name) => `^packages/${name}/`),
  },
}));

module.exports = {
  forbidden: [
    ...between,
    {
      name: "no-deep-imports",
      comment: "Packages are used through their public names",
      severity: "error",
      from: { path: "^packages/([^/]+)/" },
      to: {
        path: "^packages/[^/]+/(src|dist)/",
        pathNot: ["^packages/$1/", "^packages/[^/]+/src/index\\.ts$", "^packages/[^/]+/dist/index\\."],
      },
    },
    {
      name: "sources-do-not-import-tools",
      comment: "tools/ may import everything; only tests may use tools/testing",
      severity: "error",
      from: { path: "^packages/[^/]+/src/" },
      to: { path: "^(tools|examples)/" },
    },
    {
      name: "tests-use-only-tools-testing",
      severity: "error",
      from: { path: "^packages/[^/]+/(test|bench)/" },
      to: { path: "^tools/", pathNot: "^tools/(testing|pythons)/" },
    },
    {
      name: "koffi-only-under-platform",
      comment: "A core file must open on systems that have no koffi binary",
      severity: "error",
      from: { path: "^packages/", pathNot: "^packages/proc-memory/(src/platform|test)/" },
      to: { path: "koffi" },
    },
    {
      name: "commander-only-in-cli",
      severity: "error",
      from: { path: "^packages/", pathNot: "^packages/cli/src/args\\.ts$" },
      to: { path: "node_modules/commander" },
    },
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "not-resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|test-results)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@pyspy/source", "types", "import", "node", "default"],
      extensions: [".ts", ".js", ".cjs", ".mjs"],
    },
  },
};
