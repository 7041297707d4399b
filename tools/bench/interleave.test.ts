import { expect, test } from "vitest";
import { interleave } from "./interleave.js";

test("every round measures each subject once and begins with another one", async () => {
  const order: string[] = [];
  const { values } = await interleave(["a", "b", "c"], 3, async (subject) => order.push(subject));
  expect(order.join("")).toBe("abcbcacab");
  expect(values.get("b")).toEqual([2, 4, 9]);
});

test("a subject that fails is left out from then on, and says why", async () => {
  let calls = 0;
  const { values, failures } = await interleave(["good", "bad"], 3, async (subject) => {
    calls += 1;
    if (subject === "bad" && calls > 2) throw new Error("no such process");
    return calls;
  });
  expect(values.get("good")).toHaveLength(3);
  expect(values.get("bad")).toEqual([]);
  expect([...failures]).toEqual([["bad", "no such process"]]);
});
