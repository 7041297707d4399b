import { expect, it } from "vitest";
import { inspectPermissions } from "../src/permissions.js";

it("the permissions on a process are those that proc-memory finds", () => {
  expect(inspectPermissions(process.pid)).toMatchObject({ pid: process.pid });
});

it("what proc-memory cannot inspect is an error of this package, with its facts", () => {
  const pid = 2 ** 30;
  expect(() => inspectPermissions(pid)).toThrow(
    expect.objectContaining({ name: "SamplerError", code: "no-such-process", pid }),
  );
});
