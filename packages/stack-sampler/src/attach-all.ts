import type { Pid } from "@pyspy/proc-memory";
import type { Sampler, SamplerOptions } from "./sampler.js";
import { SamplerError } from "./sampler-error.js";
import { checkOptions } from "./sampler-options.js";
import { WorkerSampler } from "./worker-sampler.js";

/**
 * Attaches to several processes, or to one that has started Pythons and need not be one, and samples all of them at the same
 * points in time. One that cannot be sampled does not keep others from it: {@link SamplerEnd.others} tells.
 *
 * Resolves when there is a first Python; rejects with {@link SamplerError}, as `attach` does, if there is none.
 *
 * ```ts
 * await using sampler = await attachAll([1234, 1240], { subprocesses: true, duration: 10 });
 * for await (const batch of sampler) console.log(batch.samples.time.length, "stacks");
 * ```
 */
export async function attachAll(pids: readonly Pid[], options: SamplerOptions = {}): Promise<Sampler> {
  checkOptions(options);
  const [pid, ...more] = pids;
  if (pid === undefined) throw new SamplerError("no-such-process", "Cannot sample processes: none is named");
  const sampler = new WorkerSampler({ kind: "attach", pid, more }, options);
  if ((await sampler.python) !== undefined) return sampler;
  const { problem } = await sampler.end;
  await sampler[Symbol.asyncDispose]();
  throw problem ?? new SamplerError("exited", `Cannot sample process ${pid}: it has exited`, { pid });
}
