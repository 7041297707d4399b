import * as flamegraph from "@pyspy/flamegraph";
import * as sampler from "@pyspy/stack-sampler";
import { expect, expectTypeOf, test } from "vitest";
import { formatNames } from "../src/formats.js";

/** Checked by `tsc`: the two packages do not know each other, and what one gives the other takes. */
test("what the sampler tells is what a profile is made of, in both directions", () => {
  expectTypeOf<sampler.SampleBatch>().toExtend<flamegraph.SampleBatch>();
  expectTypeOf<flamegraph.SampleBatch>().toExtend<sampler.SampleBatch>();
});

test("the command knows every format of a profile", () => {
  expect(formatNames).toEqual(Object.keys(flamegraph.profileFormats));
});

test("the bits of a sample's state mean the same to both", () => {
  expect(sampler.SampleState).toEqual(flamegraph.SampleState);
});
