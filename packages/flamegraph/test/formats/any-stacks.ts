import fc from "fast-check";

const hostile = fc.constantFrom(
  ";",
  "\n",
  "\0",
  "<",
  "&",
  "]]>",
  '"',
  "'",
  "\ud800",
  "\uffff",
  " 7",
  "",
  "(",
  "🐍",
);

/** Names of anything that a JavaScript string can hold, few enough to meet again. */
const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("main", "work", "read@/srv/app.py:3") },
  fc.array(fc.oneof(hostile, fc.string({ unit: "binary" })), { maxLength: 4 }).map((parts) => parts.join("")),
);

/** Stacks of such names, with the samples of each. */
export const anyStacks = fc.array(
  fc.record({ names: fc.array(name, { maxLength: 8 }), samples: fc.integer({ min: 1, max: 50 }) }),
  { maxLength: 12 },
);
