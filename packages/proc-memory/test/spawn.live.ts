import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { isProcessAlive } from "../src/open-process.js";
import type { spawn } from "../src/spawn.js";
import { start, temporaryDirectory, until } from "./live-programs.js";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

/** What a program that is started with these options writes. */
function outputOf(command: string, options?: Parameters<typeof spawn>[1]): string {
  const file = join(temporaryDirectory(), "output");
  const environment = options?.environment && { ...options.environment, OUTPUT: file };
  const script = environment ? `(${command}) > "$OUTPUT"` : `(${command}) > '${file}'`;
  const status = start(["/bin/sh", "-c", script], { ...options, ...(environment && { environment }) }).wait();
  expect(status.code).toBe(0);
  return readFileSync(file, "utf8");
}

describe("how a program ends", () => {
  it.each([0, 1, 3, 255])("is exit code %d", (code) => {
    expect(start(["sh", "-c", `exit ${code}`]).wait()).toEqual({
      code,
      signal: undefined,
      signalNumber: undefined,
    });
  });

  it.each([
    ["SIGKILL", 9],
    ["SIGSEGV", 11],
    ["SIGPIPE", 13],
    ["SIGRTMIN+3", 37],
  ])("is signal %s", (signal, signalNumber) => {
    expect(start(["sh", "-c", `kill -${signalNumber} $$`]).wait()).toEqual({
      code: undefined,
      signal,
      signalNumber,
    });
  });

  it("is undefined while it runs and is told again after it has been", async () => {
    const program = start(["sleep", "600"]);
    expect(program.poll()).toBeUndefined();
    expect(program.kill("SIGTERM")).toBe(true);
    await until(() => program.poll() !== undefined);
    expect([program.poll()?.signal, program.wait().signal]).toEqual(["SIGTERM", "SIGTERM"]);
  });

  it("is not taken for an end when it only stops", async () => {
    const program = start(["sleep", "600"]);
    program.kill("SIGSTOP");
    await until(() => readFileSync(`/proc/${program.pid}/stat`, "utf8").includes(" T "));
    expect(program.poll()).toBeUndefined();
  });

  it("ends its life, after which its id is not signalled any more", () => {
    const program = start(["true"]);
    program.wait();
    expect([isProcessAlive(program.pid), program.kill(0)]).toEqual([false, false]);
  });

  it("leaves a zombie that is not alive until it is waited for", async () => {
    const program = start(["true"]);
    await until(() => readFileSync(`/proc/${program.pid}/stat`, "utf8").includes(") Z "));
    expect([isProcessAlive(program.pid), program.kill(0)]).toEqual([false, true]);
  });
});

describe("what a program gets", () => {
  it("is its arguments as they are", () => {
    const file = join(temporaryDirectory(), "output");
    const words = ["", "two words", "é\n", "'\"\\", "x".repeat(100_000)];
    start(["sh", "-c", `printf '%s|' "$@" > '${file}'`, "sh", ...words]).wait();
    expect(readFileSync(file, "utf8")).toBe(words.map((word) => `${word}|`).join(""));
  });

  it("is this process's environment by default", () => {
    expect(outputOf("echo $HOME")).toBe(`${process.env["HOME"]}\n`);
  });

  it("is exactly the environment given, without undefined values", () => {
    const environment = { PATH: process.env["PATH"], KEPT: "a=b\nc", LEFT_OUT: undefined };
    expect(outputOf("env | grep -c '^LEFT_OUT' ; echo \"$KEPT $HOME\"", { environment })).toBe(
      "0\na=b\nc \n",
    );
  });

  it("is the working directory, from which relative programs count", () => {
    const directory = realpathSync(temporaryDirectory());
    writeFileSync(join(directory, "here.sh"), "#!/bin/sh\npwd > output\n", { mode: 0o755 });
    start(["./here.sh"], { workingDirectory: directory }).wait();
    expect(readFileSync(join(directory, "output"), "utf8")).toBe(`${directory}\n`);
  });

  it("is default handling of all standard signals, none of them blocked", () => {
    const status = outputOf("grep -E '^Sig(Ign|Blk)' /proc/self/status");
    const masks = [...status.matchAll(/\t([0-9a-f]+)/g)].map(([, mask]) => BigInt(`0x${mask}`) & 0x7fffffffn);
    expect(masks).toEqual([0n, 0n]);
    const own = readFileSync("/proc/self/status", "utf8");
    const sigpipe = 1n << 12n;
    expect(BigInt(`0x${/SigIgn:\t(\w+)/.exec(own)?.[1]}`) & sigpipe).toBe(sigpipe);
  });

  it("is the standard streams of this process, also where one is closed", () => {
    const script = `
      import { closeSync } from "node:fs";
      import { spawn } from "@pyspy/proc-memory";
      const code = spawn(["sh", "-c", "read line; echo \\"$line\\"; echo problem >&2"]).wait().code;
      closeSync(0);
      process.exitCode = code || spawn(["sh", "-c", "echo closed; ls /proc/self/fd | grep -c '^0$'"]).wait().code;
    `;
    const node = [process.execPath, "--input-type=module", "-e", script];
    const command = `"$0" "$@" 2>&1; echo $?`;
    const output = execFileSync("sh", ["-c", command, ...node], { cwd: PACKAGE, input: "hello\n" });
    expect(output.toString()).toMatch(/^hello\nproblem\nclosed\n/);
  });

  it("is found in the PATH that it gets", () => {
    const directory = temporaryDirectory();
    const first = join(directory, "not-executable");
    writeFileSync(first, "#!/bin/sh\n");
    const second = temporaryDirectory();
    writeFileSync(join(second, "not-executable"), "#!/bin/sh\nexit 7\n", { mode: 0o755 });
    const environment = { PATH: `${directory}:${second}` };
    expect(start(["not-executable"], { environment }).wait().code).toBe(7);
  });

  it("is the same in a worker thread", async () => {
    const script = `
      import("@pyspy/proc-memory").then(({ spawn, openProcess }) => {
        const program = spawn(["sleep", "600"]);
        const target = openProcess(program.pid);
        const alive = target.isAlive();
        target.close();
        program.kill("SIGTERM");
        require("node:worker_threads").parentPort.postMessage([alive, program.wait().signal]);
      });
    `;
    const worker = new Worker(script, { eval: true });
    const answer = await new Promise((resolve, reject) => {
      worker.once("message", resolve).once("error", reject);
    });
    expect(answer).toEqual([true, "SIGTERM"]);
    await worker.terminate();
  });
});

describe("a program that cannot be started", () => {
  function errorOf(program: string[], options?: Parameters<typeof spawn>[1]): unknown {
    try {
      start(program, options);
    } catch (error) {
      return error;
    }
    return undefined;
  }

  it.each([
    [["no-such-program"], "Cannot start no-such-program: it is not in PATH"],
    [["/no/such/program"], "Cannot start /no/such/program: it does not exist"],
    [[""], 'Cannot start "": it is not in PATH'],
    [[], 'Cannot start "": it is not in PATH'],
  ])("is not found: %j", (program, message) => {
    expect(errorOf(program)).toMatchObject({ code: "program-not-found", message, program: program[0] ?? "" });
  });

  it("is a folder", () => {
    expect(errorOf(["/usr"])).toMatchObject({
      code: "program-not-executable",
      message: "Cannot start /usr: it is not a file",
    });
  });

  it.each([
    ["has no permission", "#!/bin/sh\n", 0o644, "this user may not execute it"],
    ["has no interpreter", "#!/no/such/sh\n", 0o755, "the interpreter that it names does not exist"],
    ["is nothing that the kernel knows", "what?", 0o755, "it is not a program for this system"],
  ])("%s", (_, text, mode, reason) => {
    const file = join(temporaryDirectory(), "program");
    writeFileSync(file, text);
    chmodSync(file, mode);
    expect(errorOf([file])).toMatchObject({
      code: "program-not-executable",
      message: `Cannot start ${file}: ${reason}`,
      program: file,
    });
  });

  it("is to start in a folder that does not exist", () => {
    expect(errorOf(["true"], { workingDirectory: "/no/such" })).toMatchObject({
      code: "spawn-failed",
      message: "Cannot start true: /no/such is not a directory",
    });
  });

  it("has an argument that cannot be passed", () => {
    expect(errorOf(["true", "a\0b"])).toMatchObject({ code: "spawn-failed" });
  });
});

describe("a program of another user", () => {
  const nobody = { uid: 65534, gid: 65534, name: "nobody" };
  const identity = "grep -E '^(Uid|Gid|Groups|CapPrm|CapEff):' /proc/self/status";

  it("has nothing of ours: neither ids nor groups nor capabilities", () => {
    const folder = temporaryDirectory();
    const script = `(${identity}) > '${folder}/identity'`;
    expect(start(["/bin/sh", "-c", script], { user: nobody }).wait().code).toBe(0);
    const text = readFileSync(join(folder, "identity"), "utf8").replaceAll("\t", " ");
    expect(text.trim().split("\n")).toEqual([
      "Uid: 65534 65534 65534 65534",
      "Gid: 65534 65534 65534 65534",
      "Groups: 65534 ",
      "CapPrm: 0000000000000000",
      "CapEff: 0000000000000000",
    ]);
  });

  it("has all groups that its user is in, and cannot become root again", () => {
    const folder = temporaryDirectory();
    const script = `id -G > '${folder}/groups'; kill -0 ${process.pid} && touch '${folder}/killed'; true`;
    // Root is in its own group, and the one that is given is the first.
    start(["/bin/sh", "-c", script], { user: { uid: 65534, gid: 100, name: "root" } }).wait();
    expect(readFileSync(join(folder, "groups"), "utf8").split(/\s+/)).toContain("100");
    expect(existsSync(join(folder, "killed"))).toBe(false);
  });

  it("leaves us what we were, on this thread and on others", () => {
    const before = outputOf(identity);
    start(["true"], { user: nobody }).wait();
    expect(outputOf(identity)).toBe(before);
    expect(readFileSync("/proc/thread-self/status", "utf8")).toMatch(/^Uid:\t0\t0\t0\t0$/m);
    expect([process.geteuid?.(), process.getegid?.()]).toEqual([0, 0]);
  });

  it("that it may not execute is one that cannot be started, and we are what we were", () => {
    const file = join(temporaryDirectory(), "private");
    writeFileSync(file, "#!/bin/sh\n");
    chmodSync(file, 0o700);
    expect(() => start([file], { user: nobody })).toThrow(
      expect.objectContaining({ code: "program-not-executable" }),
    );
    expect(readFileSync("/proc/thread-self/status", "utf8")).toMatch(/^Uid:\t0\t0\t0\t0$/m);
  });
});

it("the streams of a program are the files that are given", () => {
  const folder = temporaryDirectory();
  writeFileSync(join(folder, "in"), "words\n");
  const files = [openSync(join(folder, "in"), "r"), openSync(join(folder, "out"), "w")] as const;
  try {
    const streams = [files[0], files[1], files[1]] as const;
    start(["sh", "-c", "read line; echo got $line; echo error >&2"], { streams }).wait();
    expect(readFileSync(join(folder, "out"), "utf8")).toBe("got words\nerror\n");
  } finally {
    for (const file of files) closeSync(file);
  }
});
