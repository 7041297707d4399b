import type { MemoryReader } from "../src/memory-reader.js";
import type { ScatterRead } from "../src/scatter-read.js";

/** Refuses everything, as a container's seccomp filter does. */
export class RefusingMemory implements MemoryReader {
  readonly failure = "denied";
  readInto = (): number => 0;
  readScatter = (scatter: ScatterRead): number => {
    scatter.setBytesRead(0);
    return 0;
  };
}
