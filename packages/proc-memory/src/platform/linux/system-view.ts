import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from "node:fs";
import { getSystemErrorMap } from "node:util";
import type { Address } from "../../memory-reader.js";
import type { Pid } from "../../process-view.js";
import { libc } from "./libc.js";
import { errorName } from "./system-error.js";

/** The files and calls that tell what may be done: all that tests have to make up for what a machine lacks. */
export interface SystemView {
  /** The text of a file. This and the next three throw as `node:fs` does. */
  read(path: string): string;
  /** The names in a directory. */
  list(path: string): readonly string[];
  stat(path: string): { readonly uid: number; readonly gid: number; readonly mode: number };
  readlink(path: string): string;
  /** The extended attribute `security.capability` of a file, if it has one. */
  fileCapabilities(path: string): Uint8Array | undefined;
  /** Whether there is a process of that id, also when /proc does not show it. */
  hasProcess(pid: Pid): boolean;
  /** Reads a byte and returns the name of the error, if there was one. */
  tryProcessVmReadv(pid: Pid, address: Address): string | undefined;
  tryMemFile(pid: Pid, address: Address): string | undefined;
}

/** Longest `security.capability` (`struct vfs_ns_cap_data`): 24 bytes. */
const FILE_CAPABILITY_BYTES = 24;

/**
 * A byte to read into, and the two `struct iovec` of a read of one byte. Kept, because the kernel is given addresses only, which do
 * not keep memory from being collected.
 */
const byte = new Uint8Array(1);
const local = new BigUint64Array(2);
const remote = new BigUint64Array(2);

/** This machine. */
export const systemView: SystemView = {
  read: (path) => readFileSync(path, "utf8"),
  list: (path) => readdirSync(path),
  stat: (path) => statSync(path),
  readlink: (path) => readlinkSync(path),
  fileCapabilities(path) {
    const value = new Uint8Array(FILE_CAPABILITY_BYTES);
    try {
      const length = Number(
        libc().getxattr(Buffer.from(`${path}\0`), Buffer.from("security.capability\0"), value, value.length),
      );
      return length < 0 ? undefined : value.subarray(0, length);
    } catch {
      return undefined;
    }
  },
  hasProcess(pid) {
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return errorName(error) === "EPERM";
    }
  },
  tryProcessVmReadv(pid, address) {
    try {
      const system = libc();
      local.set([system.addressOf(byte), 1n]);
      remote.set([BigInt(address), 1n]);
      const [to, from] = [Number(system.addressOf(local)), Number(system.addressOf(remote))];
      if (Number(system.process_vm_readv(pid, to, 1, from, 1, 0)) >= 0) return undefined;
      const errno = system.errno();
      return getSystemErrorMap().get(-errno)?.[0] ?? `errno ${errno}`;
    } catch {
      return "unavailable";
    }
  },
  tryMemFile(pid, address) {
    let file: number | undefined;
    try {
      file = openSync(`/proc/${pid}/mem`, "r");
      readSync(file, new Uint8Array(1), 0, 1, address);
      return undefined;
    } catch (error) {
      return errorName(error) ?? "unavailable";
    } finally {
      if (file !== undefined) closeSync(file);
    }
  },
};
