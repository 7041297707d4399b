import type {
  ChangedFile,
  ContainerRuntime,
  Denial,
  DenialReason,
  DiagnosedPython,
  Diagnosis,
  DiscoveryStep,
  Permissions,
  SeccompMode,
} from "@pyspy/stack-sampler";
import { denialAdvice, isCapable } from "../denial-advice.js";
import type { Invocation } from "../invocation.js";
import { adviceToReachFurther, type Reach, reachOf } from "./reach.js";
import { type Problem, type WhyNot, type Works, whyNotOf, worksOf } from "./works.js";

/** Everything that `pyspy doctor` tells. As JSON what is undefined is null. */
export interface DoctorReport {
  /** The process can be sampled; without one: there are processes that can. */
  readonly ok: boolean;
  readonly machine: MachineReport;
  /** Undefined if none was asked for, or if it could not be opened. */
  readonly process: ProcessReport | undefined;
  /** Why not {@link ok}. */
  readonly problem: Problem | undefined;
}

/** What pyspy runs on. */
export interface System {
  /** Version of pyspy. */
  readonly pyspy: string;
  /** Version of Node. */
  readonly node: string;
  readonly platform: string;
  readonly architecture: string;
}

export interface MachineReport extends System {
  /** Undefined where this system is not supported. */
  readonly permissions: MachinePermissions | undefined;
}

/** What decides whom pyspy may look into. */
export interface MachinePermissions {
  readonly uid: number;
  /** CAP_SYS_PTRACE is in effect. */
  readonly ptraceCapability: boolean;
  /** Undefined without Yama. */
  readonly ptraceScope: number | undefined;
  readonly noNewPrivileges: boolean | undefined;
  readonly seccomp: SeccompMode | undefined;
  readonly container: ContainerRuntime | undefined;
  readonly initialUserNamespace: boolean;
  /** Error of `process_vm_readv` where that is missing or refused. */
  readonly processVmReadvError: string | undefined;
  readonly reach: Reach;
  /** How to reach further. */
  readonly advice: string | undefined;
}

export interface ProcessReport {
  readonly pid: number;
  readonly executable: string | undefined;
  readonly commandLine: readonly string[];
  /** Its memory can be read, and by which way; undefined if it cannot. */
  readonly readBy: "process_vm_readv" | "/proc/PID/mem" | undefined;
  readonly readDenial: DenialReport | undefined;
  /** Only `--blocking` stops threads. */
  readonly stopDenial: DenialReport | undefined;
  readonly changedFiles: readonly ChangedFile[];
  readonly steps: readonly DiscoveryStep[];
  readonly pythons: readonly DiagnosedPython[];
  /** What can be done with it. */
  readonly works: Works;
  readonly whyNot: WhyNot;
}

/** A refusal of the kernel. */
export interface DenialReport {
  readonly message: string;
  readonly reason: DenialReason;
  /** What refuses besides, or stands in the way of lifting it. */
  readonly also: readonly DenialReason[];
  readonly advice: string;
}

/** What decides on this machine, from the permissions of pyspy on itself. */
export function machinePermissionsOf(permissions: Permissions, invocation: Invocation): MachinePermissions {
  const { own, ptraceScope, container, namespaces, trials } = permissions;
  const { permitted, error } = trials.ownProcessVmReadv;
  return {
    uid: own.uids.effective,
    ptraceCapability: isCapable(permissions),
    ptraceScope,
    noNewPrivileges: own.noNewPrivileges,
    seccomp: own.seccomp,
    container,
    initialUserNamespace: namespaces.ownUserIsInitial,
    processVmReadvError: permitted ? undefined : error,
    reach: reachOf(permissions),
    advice: adviceToReachFurther(permissions, invocation),
  };
}

export function processReportOf(diagnosis: Diagnosis, invocation: Invocation): ProcessReport {
  const { pid, executable, commandLine, permissions, readDenial, stopDenial } = diagnosis;
  const { changedFiles, steps, pythons } = diagnosis;
  const whyNot = whyNotOf(diagnosis, invocation);
  return {
    pid,
    executable,
    commandLine,
    readBy: readBy(permissions),
    readDenial: readDenial && denialReportOf(readDenial, invocation),
    stopDenial: stopDenial && denialReportOf(stopDenial, invocation),
    changedFiles,
    steps,
    pythons,
    works: worksOf(whyNot),
    whyNot,
  };
}

function readBy({ trials }: Permissions): ProcessReport["readBy"] {
  if (trials.processVmReadv.permitted) return "process_vm_readv";
  return trials.memFile.permitted ? "/proc/PID/mem" : undefined;
}

function denialReportOf(denial: Denial, invocation: Invocation): DenialReport {
  const { message, reason, also } = denial;
  return { message, reason, also, advice: denialAdvice(denial, invocation) };
}
