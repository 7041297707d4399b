import { buildOf } from "../../tsup.base.js";

export default buildOf(
  { index: "src/index.ts", locals: "src/locals/locals-reader.ts" },
  {
    "method-classes": "src/locals/method-classes.ts",
    "read-core": "src/core/read-core.ts",
    "task-reader": "src/tasks/task-reader.ts",
    "task-samples": "src/tasks/task-samples.ts",
    worker: "src/worker/worker.ts",
  },
);
