import { expect, test } from "vitest";
import { BatchStream, Dictionary } from "../src/dictionary.js";
import { batchOf } from "./profile-of.js";

test("translating the same batches again gives the same ids, so that samples may be read again from a file", () => {
  const batches = ["main;a 2\nmain;b 1", "b;main 1", "main;b;a 1\nb 2"].map((drawing) => ({
    ...batchOf(drawing),
    reset: true as const,
  }));
  const dictionary = new Dictionary();
  const first = new BatchStream(dictionary);
  const once = batches.map((batch) => first.translate(batch));
  const tables = dictionary.tables();
  const second = new BatchStream(dictionary);
  expect(batches.map((batch) => second.translate(batch))).toEqual(once);
  expect(dictionary.tables()).toEqual(tables);
});
