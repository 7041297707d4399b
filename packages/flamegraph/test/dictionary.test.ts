import { expect, test } from "vitest";
import { Dictionary } from "../src/dictionary.js";
import { batchOf } from "./profile-of.js";

test("translating the same batches again gives the same ids, so that samples may be read again from a file", () => {
  const batches = ["main;a 2\nmain;b 1", "b;main 1", "main;b;a 1\nb 2"].map((drawing) => ({
    ...batchOf(drawing),
    reset: true as const,
  }));
  const dictionary = new Dictionary();
  const once = batches.map((batch) => dictionary.translate(batch));
  const tables = dictionary.tables();
  expect(batches.map((batch) => dictionary.translate(batch))).toEqual(once);
  expect(dictionary.tables()).toEqual(tables);
});
