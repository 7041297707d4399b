import { MemoryError, ProcessError, type ProcessErrorCode } from "@pyspy/proc-memory";
import { expect, it } from "vitest";
import { isSamplerError, SamplerError } from "../src/sampler-error.js";
import { samplerErrorOf } from "../src/sampler-error-of.js";

it("an error of ours stays what it is, also one of another copy of the package", () => {
  const own = new SamplerError("exited", "gone");
  const foreign = Object.assign(new Error("gone"), { name: "SamplerError", code: "exited" });
  expect([samplerErrorOf(own), samplerErrorOf(foreign)]).toEqual([own, foreign]);
  expect([
    isSamplerError(foreign),
    isSamplerError(new Error("x")),
    isSamplerError({ name: "SamplerError" }),
  ]).toEqual([true, false, false]);
});

it.each<[ProcessErrorCode, string]>([
  ["no-such-process", "no-such-process"],
  ["exited", "exited"],
  ["permission-denied", "permission-denied"],
  ["unsupported-platform", "unsupported-platform"],
  ["program-not-found", "program-not-found"],
  ["program-not-executable", "program-not-executable"],
  ["spawn-failed", "spawn-failed"],
  ["system-error", "internal"],
])("of proc-memory's %s the facts are kept", (code, expected) => {
  const cause = new ProcessError(code, "Cannot do that", { pid: 7, program: "x" });
  const error = samplerErrorOf(cause);
  expect(error).toMatchObject({ code: expected, message: "Cannot do that", pid: 7, program: "x", cause });
});

it.each([
  ["unmapped", "internal"],
  ["exited", "exited"],
  ["denied", "permission-denied"],
] as const)("memory that is %s is %s", (code, expected) => {
  const cause = new MemoryError(code, { address: 16, length: 8, pid: 7 });
  expect(samplerErrorOf(cause)).toMatchObject({ code: expected, message: cause.message, pid: 7, cause });
});

it.each([
  [new TypeError("x is undefined"), "x is undefined"],
  ["a word", "a word"],
])("anything else is a bug: %s", (cause, reason) => {
  const error = samplerErrorOf(cause);
  expect(error).toMatchObject({ code: "internal", message: `Cannot go on sampling: ${reason}`, cause });
});
