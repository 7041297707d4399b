import { inspect, types } from "node:util";
import type { SamplerOptions } from "./sampler.js";
import { SamplerError } from "./sampler-error.js";

/** What is allowed of an option, and in words. */
interface Rule {
  readonly holds: (value: unknown) => boolean;
  readonly allowed: string;
}

const seconds: Rule = {
  holds: (value) => typeof value === "number" && value >= 0,
  allowed: "it is a number of seconds, 0 or more",
};

const rules = {
  rate: {
    holds: (value) => typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY,
    allowed: "it is a finite number of samples a second, above 0",
  },
  duration: seconds,
  delay: {
    holds: (value) => seconds.holds(value) && value !== Number.POSITIVE_INFINITY,
    allowed: "it is a finite number of seconds, 0 or more",
  },
  startTimeout: seconds,
  stopBudget: {
    holds: (value) => typeof value === "number" && value > 0 && value <= 1,
    allowed: "it is a share of the time, above 0 and at most 1",
  },
  excludeThreads: { holds: types.isRegExp, allowed: "it is a regular expression" },
} as const satisfies Partial<Record<keyof SamplerOptions, Rule>>;

/**
 * Throws {@link SamplerError} `invalid-option` for what would otherwise be found out late or not at all: a rate of `"100"`, or a
 * duration that is not a number, samples on and on.
 */
export function checkOptions(options: SamplerOptions): void {
  for (const [name, { holds, allowed }] of Object.entries<Rule>(rules)) {
    const value: unknown = options[name as keyof typeof rules];
    if (value !== undefined && !holds(value)) throw invalid(name, value, allowed);
  }
}

/** The same for what is to be started. */
export function checkProgram(program: readonly string[]): void {
  const isList = Array.isArray(program) && program.every((word) => typeof word === "string");
  if (!isList) throw invalid("program", program, "it is a list of strings, the program and its arguments");
}

function invalid(name: string, value: unknown, allowed: string): SamplerError {
  return new SamplerError("invalid-option", `Cannot use ${inspect(value)} as ${name}: ${allowed}`);
}
