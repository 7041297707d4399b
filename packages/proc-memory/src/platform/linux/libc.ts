import { closeSync, openSync, readSync } from "node:fs";
import { createRequire } from "node:module";
import type Koffi from "koffi";

/** A pointer argument: an address, memory of our own, or NULL. */
type Pointer = bigint | NodeJS.TypedArray | null;

/** The C library's functions that this package calls; see their manual pages. */
export interface Libc {
  process_vm_readv(
    pid: number,
    local: number,
    localCount: number,
    remote: number,
    remoteCount: number,
    flags: number,
  ): number;
  pread(file: number, target: Pointer, size: number, offset: number): number;
  getxattr(path: Pointer, name: Pointer, value: Pointer, size: number): number;
  waitpid(pid: number, status: Pointer, options: number): number;
  waitid(idType: number, id: number, information: Pointer, options: number): number;
  /** Without the requests that return a word of memory. */
  ptrace(request: number, tid: number, address: number, data: number): number;
  sched_yield(): number;
  usleep(microseconds: number): number;
  /** For calls of three integers that not every C library has a function for. */
  syscall(number: number, first: number, second: number, third: number): number;
  getenv(name: string): string | null;
  getgrouplist(user: Pointer, group: number, groups: Pointer, count: Pointer): number;
  posix_spawn(
    pid: Pointer,
    path: Pointer,
    fileActions: Pointer,
    attributes: Pointer,
    argv: Pointer,
    environment: Pointer,
  ): number;
  posix_spawnattr_init(attributes: Pointer): number;
  posix_spawnattr_destroy(attributes: Pointer): number;
  posix_spawnattr_setflags(attributes: Pointer, flags: number): number;
  posix_spawnattr_setsigdefault(attributes: Pointer, signals: Pointer): number;
  posix_spawnattr_setsigmask(attributes: Pointer, signals: Pointer): number;
  posix_spawn_file_actions_init(actions: Pointer): number;
  posix_spawn_file_actions_destroy(actions: Pointer): number;
  posix_spawn_file_actions_adddup2(actions: Pointer, from: number, to: number): number;
  posix_spawn_file_actions_addchdir_np(actions: Pointer, path: Pointer): number;
  /** The variable `environ`. */
  environ(): Pointer;
  /** The address of memory of our own, valid as long as the object lives. */
  addressOf(memory: NodeJS.TypedArray): bigint;
  /** `errno` of this thread: to be asked right after a call that failed, nothing resets it. */
  errno(): number;
}

let loaded: Libc | undefined;

/**
 * The C library, loaded at the first call so that importing this package works where koffi does not. Throws what
 * koffi throws. Types are anonymous throughout: koffi's named ones collide between copies of a package.
 */
export function libc(): Libc {
  loaded ??= load();
  return loaded;
}

function load(): Libc {
  const koffi = loadKoffi();
  // The symbols of this very process: glibc or musl, whichever Node runs on.
  const library = koffi.load(null);
  const environ = library.symbol("environ");
  // `ssize_t` is no type name of koffi's.
  return {
    process_vm_readv: library.func("process_vm_readv", "intptr_t", [
      "int",
      "uintptr_t",
      "ulong",
      "uintptr_t",
      "ulong",
      "ulong",
    ]),
    // Files that are read with it are small: what it returns fits in an `int`.
    pread: library.func("pread", "int", ["int", "void *", "ulong", "long"]),
    getxattr: library.func("getxattr", "intptr_t", ["void *", "void *", "void *", "ulong"]),
    waitpid: library.func("waitpid", "int", ["int", "void *", "int"]),
    waitid: library.func("waitid", "int", ["int", "uint", "void *", "int"]),
    // This and `syscall` are variadic, which makes no difference to integers on x86-64.
    ptrace: library.func("ptrace", "long", ["int", "int", "long", "long"]),
    sched_yield: library.func("sched_yield", "int", []),
    usleep: library.func("usleep", "int", ["uint"]),
    syscall: library.func("syscall", "long", ["long", "long", "long", "long"]),
    getenv: library.func("getenv", "str", ["str"]),
    getgrouplist: library.func("getgrouplist", "int", ["void *", "uint", "void *", "void *"]),
    posix_spawn: library.func("posix_spawn", "int", [
      "void *",
      "void *",
      "void *",
      "void *",
      "void *",
      "void *",
    ]),
    posix_spawnattr_init: library.func("posix_spawnattr_init", "int", ["void *"]),
    posix_spawnattr_destroy: library.func("posix_spawnattr_destroy", "int", ["void *"]),
    posix_spawnattr_setflags: library.func("posix_spawnattr_setflags", "int", ["void *", "short"]),
    posix_spawnattr_setsigdefault: library.func("posix_spawnattr_setsigdefault", "int", ["void *", "void *"]),
    posix_spawnattr_setsigmask: library.func("posix_spawnattr_setsigmask", "int", ["void *", "void *"]),
    posix_spawn_file_actions_init: library.func("posix_spawn_file_actions_init", "int", ["void *"]),
    posix_spawn_file_actions_destroy: library.func("posix_spawn_file_actions_destroy", "int", ["void *"]),
    posix_spawn_file_actions_adddup2: library.func("posix_spawn_file_actions_adddup2", "int", [
      "void *",
      "int",
      "int",
    ]),
    posix_spawn_file_actions_addchdir_np: library.func("posix_spawn_file_actions_addchdir_np", "int", [
      "void *",
      "void *",
    ]),
    environ: () => koffi.decode(environ, "void *"),
    addressOf: (memory) => BigInt(koffi.address(memory)),
    errno: () => koffi.errno(),
  };
}

/**
 * koffi is a native module for each C library. A package for each system chooses between those, and the package `koffi` finds that
 * one and adds names of older versions. The two take as long as loading the native module, and only that is needed here. Most often
 * all is in one folder.
 */
function loadKoffi(): typeof Koffi {
  const require = createRequire(import.meta.url);
  const native = "@koromix/koffi-linux-x64";
  const ways = [
    () => require(isOnMusl() ? native : `${native}/linux_x64/koffi.node`),
    () => require(native),
    () => createRequire(require.resolve("koffi"))(native),
  ];
  for (const load of ways) {
    try {
      return load();
    } catch {
      // The next one is slower.
    }
  }
  return require("koffi");
}

/** Whether this process runs on musl: linkers write the name of an executable's loader at its beginning. */
function isOnMusl(): boolean {
  const file = openSync("/proc/self/exe", "r");
  try {
    const beginning = Buffer.alloc(4096);
    readSync(file, beginning);
    return beginning.includes("/ld-musl-");
  } finally {
    closeSync(file);
  }
}
