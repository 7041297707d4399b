import { expect, test } from "vitest";
import { type Limit, promiseTable } from "./promises.js";

test("each promise is reached, not reached, or was not measured", () => {
  const fast: Limit = { what: "rate", bound: "at least", value: 100, unit: " × py-spy" };
  const light: Limit = { what: "CPU", bound: "at most", value: 5, unit: " %" };
  const small: Limit = { what: "memory", bound: "at most", value: 150, unit: " MiB" };
  const exact: Limit = { what: "impossible", bound: "at most", value: 0, unit: " %" };
  const figures = new Map([
    [fast, 140],
    [light, 7.1],
    [small, Number.NaN],
    [exact, 0],
  ]);
  expect(promiseTable([fast, light, small, exact], figures).split("\n").slice(2)).toEqual([
    "| rate       | ≥ 100 × py-spy | 140 × py-spy | reached     |",
    "| CPU        | ≤ 5 %          | 7.1 %        | not reached |",
    "| memory     | ≤ 150 MiB      | not measured |             |",
    "| impossible | ≤ 0 %          | 0 %          | reached     |",
  ]);
});
