import type { Options } from "tsup";
import { buildOf } from "../../tsup.base.js";

const options: Options = {
  ...buildOf({ index: "src/index.ts" }),
  // The viewer of the flame graph is a script for browsers: its text is part of what is written.
  loader: { ".browser.js": "text" },
};

export default options;
