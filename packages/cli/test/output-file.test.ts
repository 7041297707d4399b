import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openOutput } from "../src/output-file.js";
import { defaultOutputPath } from "../src/output-name.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pyspy-output-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("opening an output", () => {
  test("writes nothing before there is something to write", () => {
    openOutput(join(folder, "profile.svg"), true);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("refuses a folder that does not exist", () => {
    const path = join(folder, "missing", "profile.svg");
    expect(() => openOutput(path, true)).toThrow(
      `Cannot write ${path}: the folder ${join(folder, "missing")} does not exist`,
    );
  });

  test("refuses a file where a folder should be", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const path = join(file, "profile.svg");
    expect(() => openOutput(path, true)).toThrow(`Cannot write ${path}: ${file} is not a folder`);
  });

  test("refuses a path that is a folder", () => {
    expect(() => openOutput(folder, true)).toThrow(`Cannot write ${folder}: it is a folder`);
  });

  test("refuses a name that no file system takes", () => {
    const path = join(folder, "x".repeat(300));
    expect(() => openOutput(path, true)).toThrow(`Cannot write ${path}: the name is too long`);
  });
});

describe("writing an output", () => {
  test("makes the file and leaves nothing else", () => {
    const path = join(folder, "profile.svg");
    openOutput(path, true).write(["<svg/>"]);
    expect(readFileSync(path, "utf8")).toBe("<svg/>");
    expect(readdirSync(folder)).toEqual(["profile.svg"]);
  });

  test("writes texts and bytes in their order", () => {
    const path = join(folder, "profile.pb");
    openOutput(path, true).write(["a", Uint8Array.of(0xff, 0), "é"]);
    expect([...readFileSync(path)]).toEqual([0x61, 0xff, 0, 0xc3, 0xa9]);
  });

  test("replaces an older file and keeps its permissions", () => {
    const path = join(folder, "profile.svg");
    writeFileSync(path, "a much longer old profile");
    chmodSync(path, 0o640);
    openOutput(path, true).write(["new"]);
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  test("follows a symbolic link", () => {
    writeFileSync(join(folder, "real.svg"), "old");
    symlinkSync("real.svg", join(folder, "link.svg"));
    openOutput(join(folder, "link.svg"), true).write(["new"]);
    expect(readlinkSync(join(folder, "link.svg"))).toBe("real.svg");
    expect(readFileSync(join(folder, "real.svg"), "utf8")).toBe("new");
  });

  test("writes into a device instead of replacing it", () => {
    openOutput("/dev/null", true).write(["gone"]);
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("keeps the old file and leaves no half one when it fails", () => {
    const path = join(folder, "profile.svg");
    const output = openOutput(path, true);
    mkdirSync(path);
    expect(() => output.write(["new"])).toThrow(`Cannot write ${path}: `);
    expect(readdirSync(folder)).toEqual(["profile.svg"]);
  });

  test("keeps the old file and leaves no half one when its making fails", () => {
    const path = join(folder, "profile.svg");
    writeFileSync(path, "old");
    const problem = new Error("a damaged recording");
    function* pieces() {
      yield "half";
      throw problem;
    }
    expect(() => openOutput(path, true).write(pieces())).toThrow(problem);
    expect(readdirSync(folder)).toEqual(["profile.svg"]);
    expect(readFileSync(path, "utf8")).toBe("old");
  });

  test("says that the folder has gone meanwhile", () => {
    mkdirSync(join(folder, "sub"));
    const path = join(folder, "sub", "profile.svg");
    const output = openOutput(path, true);
    rmSync(join(folder, "sub"), { recursive: true });
    expect(() => output.write(["new"])).toThrow(`Cannot write ${path}: its folder is gone`);
  });

  test("says that the disk is full", () => {
    expect(() => openOutput("/dev/full", true).write(["new"])).toThrow(
      "Cannot write /dev/full: the disk is full",
    );
  });
});

describe("the default name", () => {
  const time = new Date(2026, 0, 2, 3, 4, 5);
  test.each([
    ["python3", "python3-2026-01-02T030405.svg"],
    ["/usr/bin/python3.11", "python3.11-2026-01-02T030405.svg"],
    ["./.venv/bin/python", "python-2026-01-02T030405.svg"],
    ["1234", "1234-2026-01-02T030405.svg"],
    ["/srv/..", "profile-2026-01-02T030405.svg"],
    ["-x", "x-2026-01-02T030405.svg"],
    ["a:b\nc d", "a_b_c_d-2026-01-02T030405.svg"],
    ["Пайтон", "Пайтон-2026-01-02T030405.svg"],
    ["𐐷".repeat(80), `${"𐐷".repeat(50)}-2026-01-02T030405.svg`],
  ])("for %j is %s", (subject, name) => {
    expect(defaultOutputPath(subject, "svg", time)).toBe(name);
  });
});
