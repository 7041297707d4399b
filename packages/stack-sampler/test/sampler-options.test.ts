import { describe, expect, it } from "vitest";
import { attachAll } from "../src/attach-all.js";
import { attach } from "../src/attached-sampler.js";
import type { SamplerOptions } from "../src/sampler.js";
import { checkOptions } from "../src/sampler-options.js";
import { launch } from "../src/worker-sampler.js";

const rate = "it is a finite number of samples a second, above 0";
const seconds = "it is a number of seconds, 0 or more";
const share = "it is a share of the time, above 0 and at most 1";

/** As a program in JavaScript may give them. */
const refused: readonly (readonly [name: string, value: unknown, shown: string, allowed: string])[] = [
  ["rate", -5, "-5", rate],
  ["rate", 0, "0", rate],
  ["rate", Number.NaN, "NaN", rate],
  ["rate", Number.POSITIVE_INFINITY, "Infinity", rate],
  ["rate", "100", "'100'", rate],
  ["rate", null, "null", rate],
  ["duration", Number.NaN, "NaN", seconds],
  ["duration", -1, "-1", seconds],
  ["delay", -1, "-1", "it is a finite number of seconds, 0 or more"],
  ["delay", Number.POSITIVE_INFINITY, "Infinity", "it is a finite number of seconds, 0 or more"],
  ["startTimeout", Number.NaN, "NaN", seconds],
  ["startTimeout", "5", "'5'", seconds],
  ["stopBudget", 0, "0", share],
  ["stopBudget", 1.5, "1.5", share],
  ["excludeThreads", "Main", "'Main'", "it is a regular expression"],
];

describe("the option", () => {
  it.each(refused)("%s is not %o, and that is said at once", async (name, value, shown, allowed) => {
    const options = { [name]: value } as SamplerOptions;
    const told = { name: "SamplerError", code: "invalid-option" };
    const error = expect.objectContaining({ ...told, message: `Cannot use ${shown} as ${name}: ${allowed}` });
    await expect(attach(process.pid, options)).rejects.toEqual(error);
    await expect(attachAll([process.pid], options)).rejects.toEqual(error);
    await expect(launch(["true"], options)).rejects.toEqual(error);
  });

  it.each<SamplerOptions>([
    {},
    { rate: 0.1, duration: 0, delay: 0, startTimeout: 0, stopBudget: 1 },
    { duration: Number.POSITIVE_INFINITY, startTimeout: Number.POSITIVE_INFINITY, excludeThreads: /a/ },
  ])("may be %o", (options) => {
    expect(() => checkOptions(options)).not.toThrow();
  });
});

it.each([
  ["python3 program.py", "'python3 program.py'"],
  [["python3", 5], "[ 'python3', 5 ]"],
])("a program is not %o", async (program, shown) => {
  await expect(launch(program as readonly string[])).rejects.toMatchObject({
    code: "invalid-option",
    message: `Cannot use ${shown} as program: it is a list of strings, the program and its arguments`,
  });
});
