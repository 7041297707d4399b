import type { Permissions, ProcessSecurity } from "@pyspy/stack-sampler";

const ids = (id: number) => ({ real: id, effective: id, saved: id, fileSystem: id });
const allowed = { permitted: true, error: undefined };
export const refused = { permitted: false, error: "EPERM" };

/** A user of a machine without restrictions, who could become root. */
const ownSecurity: ProcessSecurity = {
  uids: ids(1000),
  gids: ids(1000),
  permittedCapabilities: [],
  effectiveCapabilities: [],
  boundingCapabilities: ["CAP_SYS_PTRACE"],
  noNewPrivileges: false,
  seccomp: "none",
  label: undefined,
};

/** Of that user on process 1234, which is theirs. */
export const permissions: Permissions = {
  pid: 1234,
  own: ownSecurity,
  target: { ...ownSecurity, dumpable: true, tracer: undefined, isDescendant: false },
  ptraceScope: 0,
  hidepid: undefined,
  namespaces: { user: "same", pid: "same", mount: "same", ownUserIsInitial: true },
  container: undefined,
  executableGrantsPtrace: false,
  trials: {
    executable: allowed,
    maps: allowed,
    processVmReadv: allowed,
    memFile: allowed,
    ownProcessVmReadv: allowed,
  },
};

/** The same where something differs. */
export function permissionsWith({
  own,
  ...others
}: Partial<Omit<Permissions, "own">> & { readonly own?: Partial<ProcessSecurity> }): Permissions {
  return { ...permissions, ...others, own: { ...ownSecurity, ...own } };
}

/** What `own` is for root with every capability. */
export const root: Partial<ProcessSecurity> = {
  uids: ids(0),
  gids: ids(0),
  permittedCapabilities: ["CAP_SYS_PTRACE"],
  effectiveCapabilities: ["CAP_SYS_PTRACE"],
};

/** What `own` is for root of a container without CAP_SYS_PTRACE. */
export const containedRoot: Partial<ProcessSecurity> = {
  uids: ids(0),
  gids: ids(0),
  boundingCapabilities: [],
};
