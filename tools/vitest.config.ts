import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

/** Tests of the tools: run by `vitest run --root tools`. They compile and run what they test. */
export default defineConfig({
  ssr: { resolve: { conditions: ["@pyspy/source", ...defaultServerConditions] } },
  test: {
    include: ["**/*.test.ts"],
    testTimeout: 60_000,
    reporters: ["default", "json"],
    outputFile: { json: "test-results/unit.json" },
  },
});
