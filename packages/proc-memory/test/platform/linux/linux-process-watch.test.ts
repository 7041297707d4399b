import { spawn } from "node:child_process";
import { expect, onTestFinished, test, vi } from "vitest";
import { readLinuxFamilyMember } from "../../../src/platform/linux/linux-process.js";
import { LinuxProcessWatch } from "../../../src/platform/linux/linux-process-watch.js";

vi.mock("../../../src/platform/linux/linux-process.js", { spy: true });

test("a process is told whose id was given before it could be seen", () => {
  const watch = new LinuxProcessWatch();
  onTestFinished(() => watch.close());
  const begun = () => [...watch.begun()].map(({ pid }) => pid);
  begun();
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const seen = vi.mocked(readLinuxFamilyMember).mockReturnValue(undefined);
  expect(begun()).not.toContain(child.pid);
  seen.mockReset();
  expect(begun()).toContain(child.pid);
  expect(begun()).not.toContain(child.pid);
});
