import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Denial } from "../src/denial.js";
import type { Permissions } from "../src/permissions.js";
import type { Pid } from "../src/process-view.js";
import { run } from "./live-programs.js";

/** What a process of other rights than ours finds when it looks into one. */
export interface Look {
  readonly permissions: Permissions;
  readonly denial: Denial | null;
  readonly stopDenial: Denial | null;
  /** The code of the error when opening it, or reading its maps, or "works". */
  readonly opening: string;
  readonly maps: string;
  /** The first mapping's first bytes, or why there are none. */
  readonly memory: string;
  /** Of every mapped file that could be opened, by path, the text that is in it first, of 16 bytes at most. */
  readonly files: Readonly<Record<string, string>>;
}

/** Runs in the other process, with what is published: the sources would have to be compiled there. */
const SCRIPT = `
const { explainDenial, inspectPermissions, openProcess } = await import(process.argv[1]);
const pid = Number(process.argv[2]);
const outcome = (action) => { try { action(); return "works"; } catch (error) { return error.code; } };
const look = { files: {} };
look.permissions = inspectPermissions(pid);
look.denial = explainDenial(pid) ?? null;
look.stopDenial = explainDenial(pid, "stop") ?? null;
look.opening = outcome(() => {
  const target = openProcess(pid);
  let maps = [];
  look.maps = outcome(() => { maps = target.maps(); });
  const bytes = Buffer.alloc(4);
  const count = target.memory.readInto(maps[0]?.start ?? 4096, bytes);
  look.memory = count === 4 ? bytes.toString("latin1") : target.memory.failure;
  for (const map of maps) {
    const file = target.openMappedFile(map);
    if (file !== undefined) look.files[map.path] = Buffer.from(file.read(0, 16)).toString("latin1");
    file?.close();
  }
  target.close();
});
console.log(JSON.stringify(look));
`;

/** Looks into a process, started by a program that changes what it may do. */
export function lookFrom(starter: readonly string[], pid: Pid, node = process.execPath): Look {
  const library = fileURLToPath(new URL("../dist/index.js", import.meta.url));

  return JSON.parse(run([...starter, node, "--input-type=module", "-e", SCRIPT, library, String(pid)]));
}

/** Whether the process has become `program`, which a starter does last. */
export function runs(pid: Pid, program: string): boolean {
  return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === program;
}
