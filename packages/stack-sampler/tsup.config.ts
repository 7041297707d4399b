import { buildOf } from "../../tsup.base.js";

export default buildOf(
  { index: "src/index.ts", locals: "src/locals/locals-reader.ts", worker: "src/worker/worker.ts" },
  { splitting: false },
);
