import type { ProcessIds, SeccompMode } from "../../permissions.js";
import type { Pid, Tid } from "../../process-view.js";
import { capabilityNames } from "./capability-names.js";

/** What is needed of /proc/PID/status (proc_pid_status(5)). Lines that a kernel does not have are undefined or empty. */
export interface ProcessStatus {
  readonly name: string;
  readonly isZombie: boolean;
  readonly parent: Pid | undefined;
  /** 0 if it is not traced. */
  readonly tracer: Pid;
  readonly uids: ProcessIds;
  readonly gids: ProcessIds;
  /** The id in every pid namespace from that of this /proc inwards. */
  readonly namespaceIds: readonly Tid[];
  readonly permittedCapabilities: readonly string[];
  readonly effectiveCapabilities: readonly string[];
  readonly boundingCapabilities: readonly string[];
  readonly noNewPrivileges: boolean | undefined;
  readonly seccomp: SeccompMode | undefined;
}

const SECCOMP_MODES: readonly SeccompMode[] = ["none", "strict", "filter"];

/** Parses the text of /proc/PID/status. Only the name comes from the process, and the kernel escapes newlines in it. */
export function parseStatus(text: string): ProcessStatus {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) values.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const numbers = (key: string): number[] => (values.get(key)?.match(/\d+/g) ?? []).map(Number);
  const noNewPrivileges = numbers("NoNewPrivs")[0];
  return {
    name: values.get("Name") ?? "",
    isZombie: /^[ZX]/i.test(values.get("State") ?? ""),
    parent: numbers("PPid")[0],
    tracer: numbers("TracerPid")[0] ?? 0,
    uids: idsOf(numbers("Uid")),
    gids: idsOf(numbers("Gid")),
    namespaceIds: parseNamespaceIds(text),
    permittedCapabilities: capabilityNames(values.get("CapPrm")),
    effectiveCapabilities: capabilityNames(values.get("CapEff")),
    boundingCapabilities: capabilityNames(values.get("CapBnd")),
    noNewPrivileges: noNewPrivileges === undefined ? undefined : noNewPrivileges !== 0,
    seccomp: SECCOMP_MODES[numbers("Seccomp")[0] ?? -1],
  };
}

/** Only the {@link ProcessStatus.namespaceIds} of {@link parseStatus}: this is asked for every thread of a process. */
export function parseNamespaceIds(text: string): readonly Tid[] {
  return /^NSpid:(.*)$/m.exec(text)?.[1]?.match(/\d+/g)?.map(Number) ?? [];
}

/** The process that a thread belongs to. */
export function parseThreadGroup(text: string): Pid | undefined {
  const id = /^Tgid:\s*(\d+)/m.exec(text)?.[1];
  return id === undefined ? undefined : Number(id);
}

function idsOf([real = -1, effective = -1, saved = -1, fileSystem = -1]: readonly number[]): ProcessIds {
  return { real, effective, saved, fileSystem };
}
