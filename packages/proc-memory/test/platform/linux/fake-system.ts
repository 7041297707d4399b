import type { SystemView } from "../../../src/platform/linux/system-view.js";
import type { Pid } from "../../../src/process-view.js";

/** What a machine would say; what is not here does not exist. */
export interface FakeSystem {
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly owners?: Readonly<Record<string, { uid: number; gid: number; mode?: number }>>;
  readonly fileCapabilities?: Uint8Array;
  /** Processes that exist although /proc does not show them. */
  readonly hidden?: readonly Pid[];
  /** What the calls on other processes, and on this one, say. */
  readonly processVmReadv?: string | undefined;
  readonly memFile?: string | undefined;
  readonly ownProcessVmReadv?: string;
}

/** A `SystemView` of a made-up machine. Errors may be put in the place of texts: "!EACCES". */
export function fakeSystem(system: FakeSystem): SystemView {
  const { files = {}, links = {}, owners = {}, hidden = [] } = system;
  const value = <Value>(values: Readonly<Record<string, Value>>, path: string): Value => {
    const found = values[path];
    if (found === undefined) throw systemError("ENOENT");
    if (typeof found === "string" && found.startsWith("!")) throw systemError(found.slice(1));
    return found;
  };
  return {
    read: (path) => value(files, path),
    list: (path) => {
      const inside = Object.keys(files).filter((file) => file.startsWith(`${path}/`));
      return [...new Set(inside.map((file) => file.slice(path.length + 1).split("/")[0] ?? ""))];
    },
    readlink: (path) => value(links, path),
    stat: (path) => (path in files ? { uid: 0, gid: 0, mode: 0 } : { mode: 0, ...value(owners, path) }),
    fileCapabilities: () => system.fileCapabilities,
    hasProcess: (pid) => hidden.includes(pid),
    tryProcessVmReadv: (pid) =>
      pid === process.pid ? (system.ownProcessVmReadv ?? "EFAULT") : system.processVmReadv,
    tryMemFile: () => system.memFile,
  };
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

export interface FakeStatus {
  readonly name?: string;
  readonly state?: string;
  readonly parent?: Pid;
  readonly tracer?: Pid;
  readonly uid?: number;
  readonly gid?: number;
  readonly ids?: string;
  /** Sets of capabilities as the kernel writes them. */
  readonly capabilities?: string;
  readonly bounding?: string;
  readonly noNewPrivileges?: boolean;
  readonly seccomp?: number;
}

/** The text of /proc/PID/status. */
export function statusText(status: FakeStatus = {}): string {
  const { uid = 1000, gid = 1000, capabilities = "0", parent = 1 } = status;
  const four = (id: number): string => `${id}\t${id}\t${id}\t${id}`;
  return [
    `Name:\t${status.name ?? "python3"}`,
    `State:\t${status.state ?? "S (sleeping)"}`,
    `PPid:\t${parent}`,
    `TracerPid:\t${status.tracer ?? 0}`,
    `Uid:\t${four(uid)}`,
    `Gid:\t${four(gid)}`,
    `NSpid:\t${status.ids ?? "100"}`,
    `CapPrm:\t${capabilities.padStart(16, "0")}`,
    `CapEff:\t${capabilities.padStart(16, "0")}`,
    `CapBnd:\t${(status.bounding ?? "1ffffffffff").padStart(16, "0")}`,
    `NoNewPrivs:\t${status.noNewPrivileges ? 1 : 0}`,
    `Seccomp:\t${status.seccomp ?? 0}`,
    "",
  ].join("\n");
}
