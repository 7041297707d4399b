import { fstatSync, statSync } from "node:fs";
import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";
import { ProcessError } from "../../process-error.js";
import type { SpawnedProcess, SpawnOptions } from "../../spawn.js";
import { asUser } from "./as-user.js";
import { ChildProcess } from "./child-process.js";
import { findProgram, notExecutable } from "./find-program.js";
import { type Libc, libc } from "./libc.js";

/** glibc's `posix_spawnattr_t` has 336 bytes and `posix_spawn_file_actions_t` 80, musl's have as many. */
const STRUCTURE_BYTES = 512;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;

/** `sigset_t` has 1024 bits on Linux, of which a signal takes the one before its number. */
const NO_SIGNALS = new Uint8Array(128);
/** 1 to 31 without SIGKILL (9) and SIGSTOP (19), whose handling cannot be set. */
const STANDARD_SIGNALS = new Uint8Array(128);
STANDARD_SIGNALS.set([0xff, 0xfe, 0xfb, 0x7f]);

/** Starts a program; see `spawn`. */
export function spawnProgram(program: readonly string[], options: SpawnOptions): SpawnedProcess {
  const [name = ""] = program;
  const system = loadLibc(name);
  const environment = options.environment && definedEntries(options.environment);
  const searchPath = environment ? environment["PATH"] : (system.getenv("PATH") ?? undefined);
  checkWorkingDirectory(name, options.workingDirectory);
  const path = findProgram(name, searchPath, options.workingDirectory ?? ".");

  const argv = cStringArray(system, program);
  const variables = environment && Object.entries(environment).map(([key, value]) => `${key}=${value}`);
  const envp = variables && cStringArray(system, variables);
  if ([path, ...program, ...(variables ?? [])].some((text) => text.includes("\0"))) {
    throw spawnFailed(name, "an argument or environment variable has a NUL character");
  }

  const pid = new Int32Array(1);
  const actions = new Uint8Array(STRUCTURE_BYTES);
  const attributes = new Uint8Array(STRUCTURE_BYTES);
  const check = (errno: number): void => {
    if (errno !== 0) throw spawnFailed(name, describe(errno));
  };
  check(system.posix_spawn_file_actions_init(actions));
  try {
    check(system.posix_spawnattr_init(attributes));
    try {
      inheritStreams(system, actions, options.streams ?? [0, 1, 2], check);
      if (options.workingDirectory !== undefined) {
        check(system.posix_spawn_file_actions_addchdir_np(actions, cString(options.workingDirectory)));
      }
      resetSignals(system, attributes, check);
      const start = () =>
        system.posix_spawn(pid, cString(path), actions, attributes, argv, envp ?? system.environ());
      const { user } = options;
      const errno = user === undefined ? start() : asUser(system, user, start);
      if (errno === undefined) throw spawnFailed(name, `it cannot be run as ${user?.name}`);
      if (errno !== 0) throw startError(name, errno);
    } finally {
      system.posix_spawnattr_destroy(attributes);
    }
  } finally {
    system.posix_spawn_file_actions_destroy(actions);
  }
  return new ChildProcess(system, pid[0] ?? 0);
}

/** Node marks 0, 1 and 2 as to be closed by `exec`; duplicating one onto itself takes the mark off. */
function inheritStreams(
  system: Libc,
  actions: Uint8Array,
  streams: readonly [number, number, number],
  check: (errno: number) => void,
): void {
  for (const [stream, own] of streams.entries()) {
    if (isOpen(own)) check(system.posix_spawn_file_actions_adddup2(actions, own, stream));
  }
}

/** Node ignores SIGPIPE and SIGXFSZ, and ignoring is inherited; a thread of Node's may also block signals. */
function resetSignals(system: Libc, attributes: Uint8Array, check: (errno: number) => void): void {
  check(system.posix_spawnattr_setsigdefault(attributes, STANDARD_SIGNALS));
  check(system.posix_spawnattr_setsigmask(attributes, NO_SIGNALS));
  check(system.posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));
}

function isOpen(stream: number): boolean {
  try {
    fstatSync(stream);
    return true;
  } catch {
    return false;
  }
}

function loadLibc(program: string): Libc {
  try {
    return libc();
  } catch (cause) {
    const message = `Cannot start ${program}: the C library cannot be called`;
    throw new ProcessError("spawn-failed", message, { program, cause });
  }
}

function checkWorkingDirectory(program: string, directory: string | undefined): void {
  if (directory === undefined) return;
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  throw spawnFailed(program, `${directory} is not a directory`);
}

function definedEntries(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const defined: Record<string, string> = {};
  for (const [key, value] of Object.entries(environment)) {
    if (value !== undefined) defined[key] = value;
  }
  return defined;
}

/** The kernel's answer for a program that `findProgram` did find. */
function startError(program: string, errno: number): ProcessError {
  const { ENOENT, ENOEXEC, EACCES } = constants.errno;
  if (errno === ENOENT) return notExecutable(program, "the interpreter that it names does not exist");
  if (errno === ENOEXEC) return notExecutable(program, "it is not a program for this system");
  if (errno === EACCES) return notExecutable(program, "this user may not execute it");
  return spawnFailed(program, describe(errno));
}

function spawnFailed(program: string, reason: string): ProcessError {
  return new ProcessError("spawn-failed", `Cannot start ${program}: ${reason}`, { program });
}

function describe(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[1] ?? `error ${errno}`;
}

function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

/** A NULL-terminated array of C strings: first the pointers, then what they lead to, in one piece that lives as a whole. */
function cStringArray(system: Libc, strings: readonly string[]): Buffer {
  const encoded = strings.map(cString);
  const pointers = Buffer.alloc((strings.length + 1) * 8);
  const array = Buffer.concat([pointers, ...encoded]);
  let address = system.addressOf(array) + BigInt(pointers.length);
  for (const [index, string] of encoded.entries()) {
    array.writeBigUInt64LE(address, index * 8);
    address += BigInt(string.length);
  }
  return array;
}
