export { liveTests as default } from "../../vitest.base.js";
