import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";
import { gdbCore } from "../../../tools/testing/process-cores.js";
import { startTarget } from "./fixtures/live-programs.js";
import { anyPython, running } from "./fixtures/sampled-pythons.js";

const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/```[jt]s\n(.*?)```/gs)].map(([, code = ""]) => code);

/** The parameters with which Node runs an example that listens, says where, and ends with its standard input. */
function runs(example = ""): string[] {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  const { outputText } = ts.transpileModule(example, { compilerOptions });
  const telling = `
server.on("listening", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit()).resume();
`;
  return ["--input-type=module", "-e", outputText + telling];
}

/** What an example prints, run as it is. */
function outputAsIs(example = ""): string {
  const options = ["--input-type=module", "-e", example];
  const env = { ...process.env, FORCE_COLOR: "0" };
  return execFileSync(process.execPath, options, { cwd: packageFolder, encoding: "utf8", env });
}

/** What an example prints, run as somebody would who has copied it. */
function outputOf(example: string | undefined, ...parameters: string[]): string {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  const { outputText } = ts.transpileModule(example ?? "", { compilerOptions });
  const options = ["--input-type=module", "-e", outputText, "--", ...parameters];
  // Whoever runs the tests may have asked for colours.
  const env = { ...process.env, FORCE_COLOR: "0" };
  return execFileSync(process.execPath, options, { cwd: packageFolder, encoding: "utf8", env });
}

test("the first example of the README shows the program's functions and how it ended", () => {
  const output = outputAsIs(examples[0]);
  expect(output).toMatch(/^fibonacci\(30\) is 832040\n\d+ stacks of .*\bfibonacci\b/);
  expect(output).toMatch(/reason: 'exited'.*code: 0/s);
});

test("the second example of the README prints stacks", async () => {
  const program = `
import os
def wait():
    print()
    os.read(0, 1)
wait()
`;
  const target = startTarget(running(anyPython(), program));
  await target.line();
  // Without a file, the first word is where a script's first parameter is not: argv[1].
  const output = outputOf(examples[1]?.replace("process.argv[2]", "process.argv[1]"), String(target.pid));
  expect(new Set(output.trim().split("\n"))).toEqual(new Set(["idle   <module>;wait"]));
});

test("the example of the README for a server tells what the threads of a process do", async () => {
  const target = startTarget(running(anyPython(), "import os, threading\nprint(); os.read(0, 1)"));
  await target.line();
  // As in the README, and it ends when its standard input does.
  const server = spawn(process.execPath, [...runs(examples[2]), "--"], {
    cwd: packageFolder,
    env: { ...process.env, FORCE_COLOR: "0", PORT: "0" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    const [port] = (await once(server.stdout.setEncoding("utf8"), "data")) as [string];
    const answer = async (pid: number) => {
      const response = await fetch(`http://127.0.0.1:${port.trim()}/${pid}`);
      return [response.status, await response.text()];
    };
    expect(await answer(target.pid)).toEqual([200, "MainThread: <module>\n"]);
    expect(await answer(2 ** 22 + 1)).toEqual([404, expect.stringContaining("no such process")]);
  } finally {
    const over = once(server, "exit");
    server.stdin.end();
    await over;
  }
});

test("the example of the README for core files prints the stacks of one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pyspy-readme-"));
  try {
    const target = startTarget(running(anyPython(), "import os\nprint(); os.read(0, 1)"));
    await target.line();
    const path = join(folder, "core");
    gdbCore(target.pid, path);
    const output = outputOf(
      examples.find((code) => code.includes("openCore("))?.replace("process.argv[2]", "process.argv[1]"),
      path,
    );
    expect(output.split("\n").slice(-4)).toEqual([
      `${target.pid} `,
      "  <module> (<string>:2)",
      "undefined []",
      "",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
