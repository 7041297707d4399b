export { openCore } from "@pyspy/stack-sampler";
