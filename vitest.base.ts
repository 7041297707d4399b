import { defaultServerConditions } from "vite";
import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Unit tests: sources of this package and of its siblings, no build needed. */
export const unitTests: ViteUserConfig = defineConfig({
  ssr: { resolve: { conditions: ["@pyspy/source", ...defaultServerConditions] } },
  test: {
    include: ["test/**/*.test.ts"],
    // It is to end what hangs; how fast a machine is is no matter of tests.
    testTimeout: 60_000,
    passWithNoTests: true,
    reporters: ["default", "json"],
    outputFile: { json: "test-results/unit.json" },
  },
});

/**
 * Live tests: the built packages against real processes (a worker thread cannot be started from
 * TypeScript sources), one file at a time, because targets and profiler share the processors.
 */
export const liveTests: ViteUserConfig = defineConfig({
  test: {
    include: ["test/**/*.live.ts"],
    passWithNoTests: true,
    reporters: ["default", "json"],
    outputFile: { json: "test-results/live.json" },
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
