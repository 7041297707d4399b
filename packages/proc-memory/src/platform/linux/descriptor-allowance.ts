import { readFileSync } from "node:fs";

/** Where the limit cannot be read: half of the least that is usual. */
const UNKNOWN_LIMIT = 512;

/** How many descriptors may be kept open for convenience: half of what this process may open, the rest is its owner's. */
export class DescriptorAllowance {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Whether one more may be kept; who takes it has to {@link giveBack}. */
  take(): boolean {
    if (this.#taken >= this.#most) return false;
    this.#taken += 1;
    return true;
  }

  giveBack(): void {
    this.#taken -= 1;
  }
}

let shared: DescriptorAllowance | undefined;

/** The allowance of this process. Node.js has raised its limit as far as it may when it started. */
export function descriptorAllowance(): DescriptorAllowance {
  shared ??= new DescriptorAllowance(Math.floor(softLimit() / 2));
  return shared;
}

function softLimit(): number {
  try {
    const limit = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return limit === "unlimited" ? Number.POSITIVE_INFINITY : Number(limit ?? UNKNOWN_LIMIT);
  } catch {
    return UNKNOWN_LIMIT;
  }
}
