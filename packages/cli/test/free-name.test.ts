import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePath, reservePath } from "../src/free-name.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pyspy-free-name-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

test("a free path has a number before its extension if it is needed", () => {
  const path = join(folder, "a.b.json");
  expect(freePath(path, "b.json")).toBe(path);
  writeFileSync(path, "");
  writeFileSync(join(folder, "a-2.b.json"), "");
  expect(freePath(path, "b.json")).toBe(join(folder, "a-3.b.json"));
});

test("names that are reserved at the same time differ, and leave nothing behind", () => {
  const path = join(folder, "a.svg");
  {
    using first = reservePath(path, "svg");
    using second = reservePath(path, "svg");
    expect([first.path, second.path]).toEqual([path, join(folder, "a-2.svg")]);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test("a name is not that of a dangling link", () => {
  const path = join(folder, "a.svg");
  symlinkSync("nowhere", path);
  using name = reservePath(path, "svg");
  expect(name.path).toBe(join(folder, "a-2.svg"));
});

test("what took the place of the reserved file stays, also if it is empty", () => {
  const path = join(folder, "a.txt");
  {
    using name = reservePath(path, "txt");
    writeFileSync(join(folder, "partial"), "");
    renameSync(join(folder, "partial"), name.path);
  }
  expect(readFileSync(path, "utf8")).toBe("");
});

test("where no file can be made the path comes back", () => {
  const path = join(folder, "missing", "a.txt");
  using name = reservePath(path, "txt");
  expect(name.path).toBe(path);
});
