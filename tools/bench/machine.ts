import { readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";

/** The machine, as far as it matters to the figures; nothing by which it could be recognised. */
export function describeMachine(): string {
  const [first] = cpus();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${first?.model.trim()}, ${cpus().length} processors, ${gibibytes} GiB, ${type()} ${release()}`;
}

/** How many programs wanted a processor in the last minute, on average. */
export function loadAverage(): number {
  return Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]);
}
