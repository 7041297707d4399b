import { type Denial, type Diagnosis, type Permissions, SamplerError } from "@pyspy/stack-sampler";
import { describe, expect, test } from "vitest";
import type { DoctorCommand } from "../../src/args.js";
import { type DoctorSurroundings, doctor } from "../../src/commands/doctor.js";
import { createStyle } from "../../src/terminal/style.js";
import { containedRoot, permissions, permissionsWith, refused, root } from "../fake-permissions.js";

const library = "/usr/lib/libpython3.12.so.1.0";
const libc = "/usr/lib/libc.so.6";
const libm = "/usr/lib/libm.so.6";

const healthy: Diagnosis = {
  pid: 1234,
  executable: "/usr/bin/python3",
  commandLine: ["python3", "my app.py"],
  permissions,
  readDenial: undefined,
  stopDenial: undefined,
  changedFiles: [],
  steps: [
    { image: "/usr/bin/python3", method: "symbol", outcome: "nothing", detail: "it names no Python runtime" },
    { image: library, method: "symbol", outcome: "found", detail: "CPython 3.12.1" },
    { image: libm, method: "symbol", outcome: "nothing", detail: "it names no Python runtime" },
    { image: libc, method: "symbol", outcome: "nothing", detail: "it names no Python runtime" },
    { image: libc, method: "scan", outcome: "nothing", detail: "no variable of it leads to an interpreter" },
  ],
  pythons: [
    {
      version: "3.12.1",
      image: library,
      pointerSize: 8,
      freeThreaded: false,
      verified: true,
      interpreters: 1,
      threads: 2,
    },
  ],
  problem: undefined,
};

/** What works with {@link healthy}. */
const allWorks = `
What works
  ✓ record             pyspy record --pid 1234
  ✓ record --blocking  pyspy record --blocking --pid 1234
  ✓ dump               pyspy dump --pid 1234
  ✓ dump --locals      pyspy dump --locals --pid 1234
  ✓ dump --core        pyspy dump --core FILE, for a core file of it
  – native frames      not available yet
`;

/** The same where no look into the process works. */
const nothingWorks = (reason: string): string => `
What works
  ✗ record             ${reason}
  ✗ record --blocking  for the same reason
  ✗ dump               for the same reason
  ✗ dump --locals      for the same reason
  ✓ dump --core        pyspy dump --core FILE, for a core file of it
  – native frames      not available yet
`;

const noNative = { code: "not-available", message: "pyspy does not show native frames yet", advice: null };

const noPython: Diagnosis = {
  ...healthy,
  executable: "/usr/bin/sleep",
  commandLine: ["sleep", "60"],
  steps: healthy.steps.filter(({ outcome }) => outcome === "nothing"),
  pythons: [],
  problem: new SamplerError("not-python", "Cannot sample process 1234: it is not a Python program"),
};

const denial: Denial = {
  pid: 1234,
  action: "read",
  reason: {
    code: "other-user",
    uid: 1000,
    targetUids: { real: 0, effective: 0, saved: 0, fileSystem: 0 },
  },
  also: [{ code: "yama", ptraceScope: 1 }],
  message: "Cannot read the memory of process 1234: it runs as user 0 and this process as user 1000",
  permissions,
};

const denied: Diagnosis = {
  ...healthy,
  permissions: permissionsWith({
    trials: { ...permissions.trials, processVmReadv: refused, memFile: refused },
  }),
  readDenial: denial,
  stopDenial: denial,
  steps: [],
  pythons: [],
  problem: new SamplerError("permission-denied", denial.message, { pid: 1234, denial }),
};

interface Told {
  readonly code: number | undefined;
  readonly text: string;
}

async function told(
  command: Partial<DoctorCommand>,
  facts: {
    readonly diagnosis?: Diagnosis;
    readonly error?: Error;
    readonly own?: Permissions;
    readonly unsupported?: Error;
    readonly colours?: boolean;
  } = {},
): Promise<Told> {
  let text = "";
  const surroundings: DoctorSurroundings = {
    diagnose: async () => {
      if (facts.error !== undefined) throw facts.error;
      return facts.diagnosis ?? healthy;
    },
    inspectPermissions: () => {
      if (facts.unsupported !== undefined) throw facts.unsupported;
      return facts.own ?? permissions;
    },
    system: { pyspy: "1.2.3", node: "22.1.0", platform: "linux", architecture: "x64" },
    ownPid: 99,
    invocation: { argv: ["doctor"], isRoot: false, byNpx: false },
    style: createStyle(facts.colours ?? false),
    write: (piece) => {
      text += piece;
    },
  };
  const asked: DoctorCommand = {
    name: "doctor",
    pid: undefined,
    json: false,
    verbose: false,
    debug: false,
    ...command,
  };
  const ending = await doctor(asked, surroundings);
  return { code: "code" in ending ? ending.code : undefined, text };
}

const head = "pyspy 1.2.3, Node 22.1.0, linux on x64\n\n";

describe("the doctor of a process", () => {
  test("that can be sampled shows every step, and folds what is no Python", async () => {
    expect(await told({ pid: 1234 })).toEqual({
      code: 0,
      text: `${head}Process 1234
    executable    /usr/bin/python3
    command line  python3 'my app.py'

Permissions
  ✓ memory  can be read with process_vm_readv

Search
    executable  /usr/bin/python3: no sign of a Python
  ✓ symbol      ${library}: CPython 3.12.1
    2 others    no sign of a Python (--verbose shows every step)

Pythons
  ✓ CPython 3.12.1  1 interpreter with 2 threads, in ${library}
${allWorks}`,
    });
  });

  test("lists everything with --verbose", async () => {
    const { text } = await told({ pid: 1234, verbose: true });
    expect(text).toContain(`
Search
    symbol  /usr/bin/python3: it names no Python runtime
  ✓ symbol  ${library}: CPython 3.12.1
    symbol  ${libm}: it names no Python runtime
    symbol  ${libc}: it names no Python runtime
    scan    ${libc}: no variable of it leads to an interpreter

Pythons`);
  });

  test("that is no Python says so", async () => {
    expect(await told({ pid: 1234 }, { diagnosis: noPython })).toEqual({
      code: 1,
      text: `${head}Process 1234
    executable    /usr/bin/sleep
    command line  sleep 60

Permissions
  ✓ memory  can be read with process_vm_readv

Search
    3 others  no sign of a Python (--verbose shows every step)
${nothingWorks("Cannot sample process 1234: it is not a Python program")}`,
    });
  });

  test("that is refused names the reason, what refuses besides, and what to do", async () => {
    expect(await told({ pid: 1234 }, { diagnosis: denied })).toEqual({
      code: 1,
      text: `${head}Process 1234
    executable    /usr/bin/python3
    command line  python3 'my app.py'

Permissions
  ✗ memory   Cannot read the memory of process 1234: it runs as user 0 and this process as user 1000
    → Try it as root: sudo env "PATH=$PATH" pyspy record --pid 1234
  – besides  Yama lets a process without CAP_SYS_PTRACE look only into those that it has started (kernel.yama.ptrace_scope is 1)
${nothingWorks("Its memory cannot be read")}`,
    });
  });

  test("tells Pythons apart by what is special about them", async () => {
    const [python] = healthy.pythons;
    if (python === undefined) throw new Error("there is none");
    const pythons = [
      { ...python, version: "3.16.0", freeThreaded: true, verified: false, interpreters: 2, threads: 1 },
      { ...python, version: "2.7.18", pointerSize: 4 as const, image: "/opt/python2.7" },
    ];
    const { text } = await told({ pid: 1234 }, { diagnosis: { ...healthy, pythons } });
    expect(text).toContain(`
Pythons
  – CPython 3.16.0  2 interpreters with 1 thread, free-threaded, newer than what pyspy was tested with, in ${library}
  ✓ CPython 2.7.18  1 interpreter with 2 threads, 32-bit, in /opt/python2.7
`);
  });

  test("that is traced can be sampled all the same", async () => {
    const reason = { code: "traced", tracer: 99, tracerName: "strace" } as const;
    const message = "Cannot stop process 1234: process 99 (strace) traces it";
    const stopDenial = { ...denial, action: "stop", reason, also: [], message } as const;
    const { text, code } = await told({ pid: 1234 }, { diagnosis: { ...healthy, stopDenial } });
    expect(code).toBe(0);
    expect(text).toContain(`
Permissions
  ✓ memory    can be read with process_vm_readv
  – stopping  ${message}; only --blocking needs it
`);
    expect(text).toContain(`
  ✓ record             pyspy record --pid 1234
  ✗ record --blocking  Its threads may not be stopped
    → Wait until strace lets go of it, or end that: kill 99
  ✓ dump               pyspy dump --pid 1234
`);
  });

  test("whose files have been deleted or replaced says so", async () => {
    const changedFiles = [
      { path: "/usr/bin/python3", change: "replaced", readFrom: "file" },
      { path: library, change: "deleted", readFrom: "memory" },
      { path: libm, change: "replaced", readFrom: "memory" },
    ] as const;
    const diagnosis: Diagnosis = { ...healthy, changedFiles };
    const { text } = await told({ pid: 1234 }, { diagnosis });
    expect(text).toContain(
      "  – executable    /usr/bin/python3 (replaced since the start; the old one is read through /proc)\n",
    );
    expect(text).toContain(`with 2 threads, in ${library} (deleted since the start; read from memory)\n`);
    expect(text).not.toContain(libm);
    expect((await told({ pid: 1234, verbose: true }, { diagnosis })).text).toContain(
      `  – library       ${libm} (replaced since the start; read from memory)\n`,
    );
  });

  test("is read the slow way where process_vm_readv is refused", async () => {
    const slow = permissionsWith({ trials: { ...permissions.trials, processVmReadv: refused } });
    const { text } = await told({ pid: 1234 }, { diagnosis: { ...healthy, permissions: slow } });
    expect(text).toContain("  – memory  can be read through /proc/PID/mem, which is slower\n");
  });

  test("that is starting can be tried", async () => {
    const problem = new SamplerError("not-started", "Cannot sample process 1234: …");
    const diagnosis = { ...healthy, pythons: [], problem };
    const { text, code } = await told({ pid: 1234 }, { diagnosis });
    expect(code).toBe(1);
    expect(text).toContain(`
  ✗ record             Its Python has not started yet
    → Try it: record waits for that
  ✗ record --blocking  for the same reason
`);
  });

  test("lets nothing of a process at the terminal", async () => {
    const image = "/tmp/\x1b[2Jpython\u202e";
    const diagnosis: Diagnosis = {
      ...denied,
      executable: image,
      commandLine: [image, "a\nb"],
      readDenial: { ...denial, message: "\x1b]0;title\x07" },
      steps: [{ image, method: "open", outcome: "unreadable", detail: "\r" }],
    };
    for (const verbose of [false, true]) {
      const { text } = await told({ pid: 1234, verbose }, { diagnosis });
      expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e]/u);
      expect(text).toContain("/tmp/\\x1b[2Jpython\\u202e");
    }
  });

  test("shortens a command line that is very long", async () => {
    const diagnosis = { ...healthy, commandLine: ["x".repeat(500)] };
    expect((await told({ pid: 1234 }, { diagnosis })).text).toContain(`command line  ${"x".repeat(159)}…\n`);
    expect((await told({ pid: 1234, verbose: true }, { diagnosis })).text).toContain("x".repeat(500));
  });

  test("has colours where they are wanted", async () => {
    const { text } = await told({ pid: 1234 }, { diagnosis: denied, colours: true });
    expect(text).toContain("\x1b[1mPermissions\x1b[22m\n  \x1b[31m✗\x1b[39m memory");
    expect(text).toContain("\x1b[36m→\x1b[39m Try it as root");
  });

  test("that does not exist is a failure like any other", async () => {
    const error = new SamplerError("no-such-process", "Cannot open process 1234: there is no such process");
    await expect(told({ pid: 1234 }, { error })).rejects.toBe(error);
  });
});

describe("the doctor of a machine", () => {
  test("of a user without restrictions", async () => {
    expect(await told({})).toEqual({
      code: 0,
      text: `${head}Machine
  ✓ system  linux on x64
  ✓ Node    22.1.0

Permissions
  – user              1000 without CAP_SYS_PTRACE
  ✓ ptrace_scope      0: users may look into their own processes
  ✓ no_new_privs      not set
  ✓ seccomp           none
  ✓ process_vm_readv  can be called
  ✓ container         none
  ✓ user namespace    the first one

What works
  ✓ record PROGRAM  programs that pyspy starts
  ✓ record --pid    processes of user 1000, not those of others
    → Try it as root: sudo env "PATH=$PATH" pyspy record --pid PID
`,
    });
  });

  test("where everything is restricted", async () => {
    const own = permissionsWith({
      own: { ...containedRoot, noNewPrivileges: true, seccomp: "filter" },
      ptraceScope: 1,
      container: "docker",
      namespaces: { ...permissions.namespaces, ownUserIsInitial: false },
      trials: { ...permissions.trials, ownProcessVmReadv: refused },
    });
    expect(await told({}, { own })).toEqual({
      code: 0,
      text: `${head}Machine
  ✓ system  linux on x64
  ✓ Node    22.1.0

Permissions
  – user              root without CAP_SYS_PTRACE
  – ptrace_scope      1: without CAP_SYS_PTRACE one may look only into what one has started
  – no_new_privs      set: sudo has no effect
  – seccomp           a filter is installed
  – process_vm_readv  cannot be called (EPERM): /proc/PID/mem is read instead, which is slower
  – container         docker
  – user namespace    not the first one: capabilities count only inside it

What works
  ✓ record PROGRAM  programs that pyspy starts
  ✗ record --pid    nothing that runs already
    → Lift it until the next boot, outside of the container: sudo sysctl kernel.yama.ptrace_scope=0
`,
    });
  });

  test.each([
    ["root", permissionsWith({ own: root }), 0, "✓ record --pid    every process\n"],
    [
      "root in spite of Yama",
      permissionsWith({ own: root, ptraceScope: 2 }),
      0,
      "✓ record --pid    every process",
    ],
    [
      "root of a user namespace",
      permissionsWith({ own: root, namespaces: { ...permissions.namespaces, ownUserIsInitial: false } }),
      0,
      "✓ record --pid    every process of this user namespace\n",
    ],
    ["no Yama", permissionsWith({ ptraceScope: undefined }), 0, "✓ record --pid    processes of user 1000"],
    [
      "Yama for capabilities only",
      permissionsWith({ ptraceScope: 2 }),
      1,
      "✗ record --pid    nothing\n    → Lift",
    ],
    ["Yama for nobody", permissionsWith({ own: root, ptraceScope: 3 }), 1, "✗ record PROGRAM  nothing"],
  ])("with %s says who can be reached", async (_, own, code, line) => {
    const answer = await told({}, { own });
    expect(answer.text).toContain(line);
    expect(answer.code).toBe(code);
  });

  test("of another kind says that it is not supported", async () => {
    const message = "Cannot inspect the permissions on process 99: darwin on arm64 is not supported";
    const unsupported = Object.assign(new Error(message), { code: "unsupported-platform" });
    expect(await told({}, { unsupported })).toEqual({
      code: 1,
      text: `${head}Machine\n  ✗ system  ${message}\n  ✓ Node    22.1.0\n`,
    });
  });
});

describe("the doctor's JSON", () => {
  const machine = {
    pyspy: "1.2.3",
    node: "22.1.0",
    platform: "linux",
    architecture: "x64",
    permissions: {
      uid: 1000,
      ptraceCapability: false,
      ptraceScope: 0,
      noNewPrivileges: false,
      seccomp: "none",
      container: null,
      initialUserNamespace: true,
      processVmReadvError: null,
      reach: "own",
      advice: 'Try it as root: sudo env "PATH=$PATH" pyspy record --pid PID',
    },
  };

  async function json(...[command, facts]: Parameters<typeof told>): Promise<unknown> {
    const { text, code } = await told({ ...command, json: true }, facts);
    return { code, ...JSON.parse(text) };
  }

  test("has the machine", async () => {
    expect(await json({})).toEqual({ code: 0, ok: true, machine, process: null, problem: null });
  });

  test("has the process", async () => {
    const { pid, executable, commandLine, steps, pythons } = healthy;
    expect(await json({ pid })).toEqual({
      code: 0,
      ok: true,
      machine,
      process: {
        pid,
        executable,
        commandLine,
        readBy: "process_vm_readv",
        readDenial: null,
        stopDenial: null,
        changedFiles: [],
        steps,
        pythons,
        works: { record: true, blocking: true, dump: true, locals: true, core: true, native: false },
        whyNot: { record: null, blocking: null, dump: null, locals: null, core: null, native: noNative },
      },
      problem: null,
    });
  });

  test("has the reason of a refusal, and what to do", async () => {
    const { reason, also, message } = denial;
    const advice = 'Try it as root: sudo env "PATH=$PATH" pyspy record --pid 1234';
    expect(await json({ pid: 1234 }, { diagnosis: denied })).toMatchObject({
      code: 1,
      ok: false,
      process: {
        readBy: null,
        readDenial: { message, reason, also, advice },
        works: { record: false, blocking: false, dump: false, locals: false, core: true, native: false },
        whyNot: { dump: { code: "permission-denied", message, advice }, core: null, native: noNative },
      },
      problem: { code: "permission-denied", message, advice },
    });
  });

  test("is there for a process that is not", async () => {
    const message = "Cannot open process 1234: there is no such process";
    const error = new SamplerError("no-such-process", message);
    expect(await json({ pid: 1234 }, { error })).toEqual({
      code: 1,
      ok: false,
      machine,
      process: null,
      problem: { code: "no-such-process", message, advice: null },
    });
  });

  test("is not there for a bug", async () => {
    const error = new SamplerError("internal", "oops");
    await expect(json({ pid: 1234 }, { error })).rejects.toBe(error);
  });
});
