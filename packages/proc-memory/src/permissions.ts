import { type Denial, type DeniedAction, denialOf } from "./denial.js";
import { platformTo } from "./platform/platform.js";
import type { Pid } from "./process-view.js";

/** The four user or group ids of a process (credentials(7)), as seen from this process's user namespace. */
export interface ProcessIds {
  readonly real: number;
  readonly effective: number;
  readonly saved: number;
  readonly fileSystem: number;
}

/** How a process's system calls are restricted (seccomp(2)). */
export type SeccompMode = "none" | "strict" | "filter";

/** What the kernel looks at in a process when one looks into another. */
export interface ProcessSecurity {
  readonly uids: ProcessIds;
  readonly gids: ProcessIds;
  /** "CAP_SYS_PTRACE" and the like. They count in the process's own user namespace and in those inside it. */
  readonly permittedCapabilities: readonly string[];
  readonly effectiveCapabilities: readonly string[];
  /** What the process and those that it starts can ever get. */
  readonly boundingCapabilities: readonly string[];
  /** Programs that it starts cannot gain privileges: neither sudo nor file capabilities have an effect. */
  readonly noNewPrivileges: boolean | undefined;
  readonly seccomp: SeccompMode | undefined;
  /** How a security module (AppArmor, SELinux, …) calls it: "docker-default (enforce)". */
  readonly label: string | undefined;
}

/** {@link ProcessSecurity} of a process that is looked into. */
export interface TargetSecurity extends ProcessSecurity {
  /** Whether others of the same user may look into it; guessed by who owns /proc/PID/mem, undefined where that says nothing. */
  readonly dumpable: boolean | undefined;
  /** Who traces it, with the name of that process. */
  readonly tracer: { readonly pid: Pid; readonly name: string } | undefined;
  /** Whether this process started it, or started who did. */
  readonly isDescendant: boolean;
}

/** What came of trying. */
export interface Trial {
  /** The kernel permits it. It may have failed all the same, when nothing is mapped at that address. */
  readonly permitted: boolean;
  /** The error's name ("EPERM"), or "unavailable" when there is no way to make the call. */
  readonly error: string | undefined;
}

/** What runs the container that this process is in. */
export type ContainerRuntime = "docker" | "podman" | "kubernetes" | "lxc" | "unknown";

/** Whether two processes are in the same namespace; undefined if that cannot be seen. */
export type NamespaceRelation = "same" | "different" | undefined;

/** All that decides whether this process may look into another one, as far as it can be seen. */
export interface Permissions {
  readonly pid: Pid;
  readonly own: ProcessSecurity;
  /** Undefined if the process is hidden from this user. */
  readonly target: TargetSecurity | undefined;
  /** `kernel.yama.ptrace_scope`, 0 to 3; undefined without Yama. */
  readonly ptraceScope: number | undefined;
  /** The `hidepid` option that /proc is mounted with, as the kernel writes it. */
  readonly hidepid: string | undefined;
  readonly namespaces: {
    readonly user: NamespaceRelation;
    readonly pid: NamespaceRelation;
    readonly mount: NamespaceRelation;
    /** All user namespaces are inside this process's, so its capabilities count everywhere. */
    readonly ownUserIsInitial: boolean;
  };
  /** Undefined if this process seems not to be in one. */
  readonly container: ContainerRuntime | undefined;
  /** This process's executable has CAP_SYS_PTRACE as a file capability or is set-user-id root. */
  readonly executableGrantsPtrace: boolean;
  readonly trials: {
    /** Reading the link /proc/PID/exe: takes the same rights as reading memory, but Yama does not mind. */
    readonly executable: Trial;
    /** Reading /proc/PID/maps, which newer kernels permit to CAP_PERFMON too. */
    readonly maps: Trial;
    /** Reading one byte at the start of the first readable mapping. */
    readonly processVmReadv: Trial;
    /** The same through /proc/PID/mem. */
    readonly memFile: Trial;
    /** `process_vm_readv` of this process itself, which the kernel always permits: only a filter refuses it. */
    readonly ownProcessVmReadv: Trial;
  };
}

/**
 * Finds out what decides whether this process may look into another one, and tries it. Nothing is done to the
 * other process.
 *
 * Throws {@link ProcessError}: `no-such-process`, `exited`, `unsupported-platform`.
 *
 * ```ts
 * const { own, trials } = inspectPermissions(1234);
 * console.log(own.effectiveCapabilities.includes("CAP_SYS_PTRACE"), trials.processVmReadv.error);
 * ```
 */
export function inspectPermissions(pid: Pid): Permissions {
  return platformTo(`inspect the permissions on process ${pid}`).inspectPermissions(pid);
}

/**
 * Why the kernel refuses to let this process read another one's memory, or `"stop"` it (by ptrace). Undefined if
 * nothing that can be seen refuses it. Stopping is not tried; where a seccomp filter might refuse `ptrace`, a child process
 * calls it in a way that touches nobody.
 *
 * Throws what {@link inspectPermissions} throws.
 *
 * ```ts
 * const denial = explainDenial(1234);
 * if (denial?.reason.code === "yama") console.log(denial.reason.ptraceScope, denial.message);
 * ```
 */
export function explainDenial(pid: Pid, action: DeniedAction = "read"): Denial | undefined {
  const platform = platformTo(`inspect the permissions on process ${pid}`);
  return denialOf(platform.inspectPermissions(pid), action, platform.tryPtrace);
}
