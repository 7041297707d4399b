import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runs32BitPrograms } from "./programs-32-bit.js";

const folder = mkdtempSync(join(tmpdir(), "pyspy-32-bit-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the machine runs 32-bit programs exactly if it runs one that a compiler made", () => {
  const source = 'void _start(void) { __asm__ volatile("int $0x80" : : "a"(1), "b"(7)); }';
  const program = join(folder, "compiled");
  const words = ["-m32", "-nostdlib", "-static", "-x", "c", "-", "-o", program];
  expect(spawnSync("gcc", words, { input: source, encoding: "utf8" })).toMatchObject({ status: 0 });
  expect(runs32BitPrograms()).toBe(spawnSync(program).status === 7);
});
