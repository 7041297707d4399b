import { createRequire } from "node:module";
import { afterEach, describe, expect, it } from "vitest";
import { openProcess, spawn } from "../src/index.js";

const { platform } = process;

afterEach(() => {
  Object.defineProperty(process, "platform", { value: platform });
});

describe("the package", () => {
  it("can be imported without loading koffi", () => {
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    expect(loaded.filter((path) => path.includes("koffi"))).toEqual([]);
  });

  it("says so on a platform that it does not support", () => {
    Object.defineProperty(process, "platform", { value: "sunos" });
    expect(() => openProcess(12)).toThrow(
      expect.objectContaining({
        code: "unsupported-platform",
        message: expect.stringMatching(/^Cannot open process 12: sunos on /),
      }),
    );
    expect(() => spawn(["true"])).toThrow(expect.objectContaining({ code: "unsupported-platform" }));
  });
});
