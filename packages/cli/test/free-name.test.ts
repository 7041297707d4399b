import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { renameToFree } from "../src/free-name.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pyspy-free-name-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function partial(): string {
  const path = join(folder, "partial");
  writeFileSync(path, "new");
  return path;
}

test("a name that is taken gets a number before its extension", () => {
  const path = join(folder, "a.b.json");
  for (const expected of ["a.b.json", "a-2.b.json", "a-3.b.json"])
    expect(renameToFree(partial(), path, "b.json")).toBe(join(folder, expected));
  expect(readdirSync(folder).sort()).toEqual(["a-2.b.json", "a-3.b.json", "a.b.json"]);
});

test("what was there stays, also an empty file and a dangling link", () => {
  const path = join(folder, "a.svg");
  writeFileSync(path, "");
  symlinkSync("nowhere", join(folder, "a-2.svg"));
  expect(renameToFree(partial(), path, "svg")).toBe(join(folder, "a-3.svg"));
  expect(readFileSync(path, "utf8")).toBe("");
});

test("nothing is left behind if it fails", () => {
  expect(() => renameToFree(join(folder, "missing"), join(folder, "a.svg"), "svg")).toThrow("ENOENT");
  expect(() => renameToFree(partial(), join(folder, "no", "a.svg"), "svg")).toThrow("ENOENT");
  expect(readdirSync(folder)).toEqual(["partial"]);
});
