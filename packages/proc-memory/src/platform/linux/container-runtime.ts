import type { ContainerRuntime } from "../../permissions.js";
import type { SystemView } from "./system-view.js";

/** Files that a runtime makes in its containers, the most particular first: Kubernetes runs others beneath it. */
const MARKS: readonly (readonly [path: string, runtime: ContainerRuntime])[] = [
  ["/var/run/secrets/kubernetes.io", "kubernetes"],
  ["/run/.containerenv", "podman"],
  ["/.dockerenv", "docker"],
  ["/dev/lxd/sock", "lxc"],
];

/**
 * Names in /proc/self/cgroup (version 1, or 2 without a cgroup namespace) and in /proc/self/mountinfo, where the
 * files that a runtime mounts over /etc/hostname and the like have the paths that they have outside.
 */
const NAMES: readonly (readonly [name: RegExp, runtime: ContainerRuntime])[] = [
  [/kubepods|\/kubelet\/pods\//, "kubernetes"],
  [/libpod[-_/]|\/containers\/storage\/overlay-containers\//, "podman"],
  [/\/docker[-/]\S|\/docker\/containers\//, "docker"],
  [/\/lxc(\.payload)?[./]\S|\blxcfs\b/, "lxc"],
  [/containerd|\bcrio-|machine\.slice\/\S/, "unknown"],
];

/** What systemd calls runtimes (`container` in systemd's container interface), in /run/systemd/container. */
const SYSTEMD_NAMES: Readonly<Record<string, ContainerRuntime>> = {
  docker: "docker",
  podman: "podman",
  lxc: "lxc",
  "lxc-libvirt": "lxc",
};

/** `PROC_PID_INIT_INO` in include/linux/proc_ns.h: the inode of the pid namespace that the system starts with. */
const INITIAL_PID_NAMESPACE = "pid:[4026531836]";

/** What runs the container that this process is in; undefined if there is no sign of one. */
export function containerRuntime(view: SystemView): ContainerRuntime | undefined {
  const mark = MARKS.find(([path]) => exists(view, path));
  if (mark !== undefined) return mark[1];
  const systemd = readOrNothing(view, "/run/systemd/container").trim();
  if (systemd !== "") return SYSTEMD_NAMES[systemd] ?? "unknown";
  // Outside containers, a mountinfo has those of others in it: only the cgroup and our root's mounts count.
  const names = `${readOrNothing(view, "/proc/self/cgroup")}\n${fileMounts(view)}`;
  const named = NAMES.find(([name]) => name.test(names));
  if (named !== undefined) return named[1];
  return isInitialPidNamespace(view) ? undefined : "unknown";
}

/** The lines of the mounts on /etc and on files of /proc, which runtimes make and hosts do not have. */
function fileMounts(view: SystemView): string {
  return readOrNothing(view, "/proc/self/mountinfo")
    .split("\n")
    .filter((line) => /^(\/etc\/|\/proc\/)/.test(line.split(" ")[4] ?? ""))
    .join("\n");
}

function isInitialPidNamespace(view: SystemView): boolean {
  try {
    return view.readlink("/proc/self/ns/pid") === INITIAL_PID_NAMESPACE;
  } catch {
    return true;
  }
}

function exists(view: SystemView, path: string): boolean {
  try {
    view.stat(path);
    return true;
  } catch {
    return false;
  }
}

function readOrNothing(view: SystemView, path: string): string {
  try {
    return view.read(path);
  } catch {
    return "";
  }
}
