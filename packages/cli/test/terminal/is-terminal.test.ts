import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { isTerminal } from "../../src/terminal/is-terminal.js";

describe("isTerminal", () => {
  test.each(["/dev/null", "/dev/zero", fileURLToPath(import.meta.url)])("is false of %s", (path) => {
    const descriptor = openSync(path, "r");
    onTestFinished(() => closeSync(descriptor));
    expect(isTerminal(descriptor)).toBe(false);
  });

  test("is false of what is closed", () => {
    expect(isTerminal(987_654)).toBe(false);
  });
});
