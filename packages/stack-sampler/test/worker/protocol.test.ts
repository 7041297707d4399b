import { expect, it } from "vitest";
import { SamplerError } from "../../src/sampler-error.js";
import { errorOf, problemOf } from "../../src/worker/protocol.js";

it.each([
  new SamplerError("not-python", "Cannot sample process 7: it is not a Python program", {
    pid: 7,
    executable: "/bin/sleep",
  }),
  new SamplerError("program-not-found", "Cannot start x: it is not in PATH", { program: "x" }),
  new SamplerError("internal", "Cannot go on sampling: a bug"),
])("an error is the same after its way between threads: $code", (error) => {
  const arrived = errorOf(structuredClone(problemOf(error)));
  expect(arrived).toBeInstanceOf(SamplerError);
  expect({ ...arrived, message: arrived.message }).toEqual({ ...error, message: error.message });
  expect("cause" in arrived).toBe(false);
});

it("of a cause its stack trace arrives", () => {
  const cause = new TypeError("a bug");
  const arrived = errorOf(structuredClone(problemOf(new SamplerError("internal", "no", { cause }))));
  expect(arrived.cause).toBeInstanceOf(Error);
  expect((arrived.cause as Error).message).toBe(cause.stack);
});

it("a cause that is no error has no trace", () => {
  expect(problemOf(new SamplerError("internal", "no", { cause: 7 })).trace).toBeUndefined();
});
