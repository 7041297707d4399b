// One sample of a process through the library, as the smallest program that does it. Exit code 3: the library that is
// built here has no such call.
import { attach } from "@pyspy/stack-sampler";

const sampler = await attach(Number(process.argv[2]));
if (typeof sampler.sample !== "function") process.exit(3);
await sampler.sample();
await sampler[Symbol.asyncDispose]?.();
