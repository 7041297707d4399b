import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DescriptorAllowance } from "../../../src/platform/linux/descriptor-allowance.js";
import { LinuxThread } from "../../../src/platform/linux/linux-thread.js";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "linux-thread-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** What the kernel shows of the thread: `user` and `system` are ticks. */
function show(
  state: string,
  { schedstat, user = 5, system = 6 }: { schedstat?: string; user?: number; system?: number },
): void {
  const line = `42 (a) b) ${state} 1 7 7 0 -1 64 0 0 0 0 ${user} ${system} 0 0 20 0 1 0 9 0\n`;
  writeFileSync(join(directory, "stat"), line);
  if (schedstat !== undefined) writeFileSync(join(directory, "schedstat"), schedstat);
}

function looked(thread: LinuxThread): readonly unknown[] {
  thread.look();
  return [thread.state, thread.cpuTime, thread.queueTime, thread.hasRun];
}

/** Opens its files anew at every look, as a made-up file cannot change under an open one. */
function thread(): LinuxThread {
  return new LinuxThread(42, directory, new DescriptorAllowance(0));
}

describe.each([
  { kernel: "has no schedstat", zeros: {} },
  { kernel: "does not count there", zeros: { schedstat: "0 0 0\n" } },
])("where the kernel $kernel", ({ zeros }) => {
  it("time comes in ticks, and a thread may always have run", () => {
    const watched = thread();
    show("S", zeros);
    for (let times = 0; times < 4; times++)
      expect(looked(watched)).toEqual(["sleeping", 11 * 10e6, -1, true]);
    watched.glance();
    expect(watched.hasRun).toBe(true);
    show("R", { ...zeros, user: 7 });
    expect(looked(watched)).toEqual(["running", 13 * 10e6, -1, true]);
  });
});

it("a thread has run when it was put on a processor, also where its time is the same", () => {
  const watched = thread();
  show("S", { schedstat: "1000000 200 7\n" });
  expect(looked(watched)).toEqual(["sleeping", 1e6, 200, true]);
  expect([looked(watched), looked(watched)].map(([, , , hasRun]) => hasRun)).toEqual([true, false]);
  show("S", { schedstat: "1000000 250 8\n" });
  expect(looked(watched)).toEqual(["sleeping", 1e6, 250, true]);
});

it("a thread that was running may still have been when its numbers are the same", () => {
  const watched = thread();
  show("R", { schedstat: "1000000 200 7\n" });
  for (let times = 0; times < 4; times++) expect(looked(watched)[3]).toBe(true);
});

it("a glance at a thread that has not run keeps its state", () => {
  const watched = thread();
  show("D", { schedstat: "1000000 200 7\n" });
  for (let times = 0; times < 3; times++) watched.look();
  show("R", { schedstat: "1000000 200 7\n" });
  watched.glance();
  expect([watched.state, watched.hasRun]).toEqual(["disk-wait", false]);
  watched.look();
  expect([watched.state, watched.hasRun]).toEqual(["running", false]);
  watched.glance();
  expect(watched.hasRun).toBe(true);
});

it.each([
  ["running\n", 0],
  ["-1 0x7ffc0 0x7f00\n", 0],
  ["202 0x7fb619169eb0 0x189 0x0\n", 0x7fb619169eb0],
  ["240 0xf7a1b2c3 0x80\n", 0xf7a1b2c3],
  ["34 0x7fb619169eb0 0x0\n", 0],
])("the futex in %j is %d", (text, address) => {
  show("S", {});
  writeFileSync(join(directory, "syscall"), text);
  expect(thread().futex()).toBe(address);
});
