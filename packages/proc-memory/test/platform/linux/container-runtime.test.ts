import { describe, expect, it } from "vitest";
import { containerRuntime } from "../../../src/platform/linux/container-runtime.js";
import { fakeSystem } from "./fake-system.js";

const ID = "3f1c".repeat(16);
const INITIAL_PID = { "/proc/self/ns/pid": "pid:[4026531836]" };

describe("the runtime of our container", () => {
  it.each([
    ["kubernetes", "/var/run/secrets/kubernetes.io", ""],
    ["docker", "/.dockerenv", ""],
    ["podman", "/run/.containerenv", 'engine="podman-4.3.1"\n'],
    ["podman", "/run/systemd/container", "podman\n"],
    ["unknown", "/run/systemd/container", "systemd-nspawn\n"],
    ["docker", "/proc/self/cgroup", `4:memory:/docker/${ID}\n`],
    ["docker", "/proc/self/cgroup", `0::/system.slice/docker-${ID}.scope\n`],
    [
      "kubernetes",
      "/proc/self/cgroup",
      `0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-${ID}.scope\n`,
    ],
    ["podman", "/proc/self/cgroup", `0::/machine.slice/libpod-${ID}.scope\n`],
    ["lxc", "/proc/self/cgroup", "4:memory:/lxc.payload.web\n"],
    ["unknown", "/proc/self/cgroup", `0::/system.slice/containerd.service/${ID}\n`],
    [
      "docker",
      "/proc/self/mountinfo",
      `9 8 254:1 /var/lib/docker/containers/${ID}/hostname /etc/hostname rw - ext4 /dev/vda1 rw\n`,
    ],
    [
      "kubernetes",
      "/proc/self/mountinfo",
      "9 8 254:1 /var/lib/kubelet/pods/1-2/etc-hosts /etc/hosts rw - ext4 /dev/vda1 rw\n",
    ],
    ["lxc", "/proc/self/mountinfo", "9 8 0:50 /proc/cpuinfo /proc/cpuinfo rw - fuse.lxcfs lxcfs rw\n"],
  ])("is %s by %s", (runtime, path, text) => {
    expect(containerRuntime(fakeSystem({ files: { [path]: text }, links: INITIAL_PID }))).toBe(runtime);
  });

  it("is the one that people deal with where several have left marks", () => {
    const files = { "/.dockerenv": "", "/var/run/secrets/kubernetes.io": "" };
    expect(containerRuntime(fakeSystem({ files }))).toBe("kubernetes");
  });

  it("is unknown in a pid namespace that is not the first", () => {
    expect(containerRuntime(fakeSystem({ links: { "/proc/self/ns/pid": "pid:[4026532000]" } }))).toBe(
      "unknown",
    );
  });

  it("is none on a host, also one that runs containers", () => {
    const files = {
      "/proc/self/cgroup": "0::/user.slice/user-1000.slice/session-2.scope\n",
      "/proc/self/mountinfo":
        "9 8 0:50 / /var/lib/docker/overlay2/1/merged rw - overlay overlay rw\n7 8 0:1 / /proc rw - proc proc rw\n",
    };
    expect(containerRuntime(fakeSystem({ files, links: INITIAL_PID }))).toBeUndefined();
    expect(containerRuntime(fakeSystem({}))).toBeUndefined();
  });
});
