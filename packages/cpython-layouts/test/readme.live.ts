import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";

const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "cpython-layouts-"));

afterEach(() => rmSync(folder, { recursive: true }));

test("the README's example works with nothing but the packed package", () => {
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: packageFolder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ filename }] = JSON.parse(packed);
  const installed = join(folder, "node_modules/@pyspy/cpython-layouts");
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["xzf", join(folder, filename), "--strip-components=1", "-C", installed]);

  const [, example = ""] =
    /```js\n(.*?)```/s.exec(readFileSync(join(packageFolder, "README.md"), "utf8")) ?? [];
  writeFileSync(join(folder, "example.mjs"), example);
  const output = execFileSync(process.execPath, ["example.mjs"], { cwd: folder, encoding: "utf8" });
  expect(output.split("\n")).toEqual([
    "the frame: *(threadState + 56), its lines: locations",
    "units 0–0: line 1, column 1",
    "units 1–1: line 2, column 8",
    "units 2–2: line 2, column 16",
    "units 3–5: line 2, column 8",
    "units 6–10: line 3, column 15",
    "units 11–11: line 3, column 26",
    "units 12–15: line 3, column 15",
    "units 16–16: line 3, column 9",
    "units 17–17: line 4, column 12",
    "units 18–18: line 4, column 20",
    "units 19–20: line 4, column 12",
    "units 21–21: line 4, column 5",
    "unit 12 is at 3:15–3:32",
    "",
  ]);
});
