import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attach, isSamplerError } from "@pyspy/stack-sampler";
import { expect, test, vi } from "vitest";
import { ReadableInstallation } from "../../../tools/testing/readable-installation.js";
import { startTarget } from "./fixtures/live-programs.js";
import { anyPython, running } from "./fixtures/sampled-pythons.js";

async function failureOf(pid: number) {
  const error = await attach(pid).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isSamplerError(error)) throw new Error(`process ${pid} could be sampled, or: ${error}`);
  return { code: error.code, pid: error.pid, message: error.message };
}

test("a process that does not exist", async () => {
  const target = startTarget(["true"]);
  await target.exited;
  const { pid } = target;
  expect(await failureOf(pid)).toMatchObject({ code: "no-such-process", pid });
});

test("a number that no process has", async () => {
  expect(await failureOf(2 ** 30)).toMatchObject({ code: "no-such-process" });
});

test("a zombie", async () => {
  const program = "import os; pid = os.fork(); pid or os._exit(3); print(pid); os.read(0, 1)";
  const target = startTarget(running(anyPython(), program));
  const pid = Number(await target.line());
  await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, "utf8")).toMatch(/\) Z /), {
    timeout: 30_000,
  });
  const message = `Cannot open process ${pid}: it has exited with code 3`;
  expect(await failureOf(pid)).toEqual({ code: "exited", pid, message });
});

test("a program that is no Python", async () => {
  const target = startTarget(["sh", "-c", "echo; exec sleep 600"]);
  await target.line();
  await vi.waitFor(() => expect(readFileSync(`/proc/${target.pid}/comm`, "utf8")).toBe("sleep\n"), {
    timeout: 30_000,
  });
  expect(await failureOf(target.pid)).toEqual({
    code: "not-python",
    pid: target.pid,
    message: expect.stringMatching(
      /^Cannot sample process \d+ \(.*sleep|coreutils\): it is not a Python program$/,
    ),
  });
});

test("a process of another user", async () => {
  using installation = new ReadableInstallation();
  const isRoot = process.geteuid?.() === 0;
  const target = startTarget(running(anyPython(), "import os; print(); os.read(0, 1)"));
  await target.line();
  const pid = isRoot ? target.pid : 1;
  const program = join(installation.folder, "attach.js");
  writeFileSync(
    program,
    `import("@pyspy/stack-sampler")
      .then(({ attach }) => attach(${pid}))
      .then(() => console.log("no failure"), ({ code, pid, message }) => console.log(JSON.stringify({ code, pid, message })));`,
  );
  chmodSync(program, 0o644);
  const asNobody = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  const [command = "", ...parameters] = [...asNobody, process.execPath, program];
  const told = JSON.parse(execFileSync(command, parameters, { encoding: "utf8" }));
  expect(told).toEqual({
    code: "permission-denied",
    pid,
    message: expect.stringMatching(/^Cannot .* process /),
  });
});
