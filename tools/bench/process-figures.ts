import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The CPU time (user and system) of a running process and its children, in seconds. The scheduler counts it in
 * nanoseconds a thread; `/proc/PID/stat` would round it to 10 ms. Threads that have ended are not in it.
 */
export function cpuSeconds(pid: number): number {
  const tasks = join("/proc", String(pid), "task");
  let seconds = 0;
  for (const tid of readdirSync(tasks)) {
    seconds += Number(read(join(tasks, tid, "schedstat")).split(" ")[0]) / 1e9;
    for (const child of read(join(tasks, tid, "children"))
      .split(" ")
      .filter(Boolean)) {
      seconds += cpuSeconds(Number(child));
    }
  }
  return seconds;
}

/** The memory of a running process in MiB: now, and the most it ever had. */
export function residentMebibytes(pid: number): { readonly now: number; readonly peak: number } {
  const status = read(join("/proc", String(pid), "status"));
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
  return { now: field("VmRSS"), peak: field("VmHWM") };
}

/** A thread or process that ends while it is looked at has nothing to say. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}
