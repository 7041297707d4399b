// A module of its own, so that what reads cores is a file of its own in the bundle, loaded for them alone.
export { openCore } from "@pyspy/stack-sampler";
