import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { expect } from "vitest";
import type { Python } from "../../../../tools/testing/pythons.js";
import { Target } from "../../../../tools/testing/target.js";
import type { Workplace } from "../pyspy-process.js";

const schemaFile = new URL("../../schema/dump.schema.json", import.meta.url);
export const isDump = new Ajv().compile(JSON.parse(readFileSync(schemaFile, "utf8")));

export interface DumpedFrame {
  readonly name: string;
  readonly qualname: string;
  readonly filename: string;
  readonly short_filename: string | null;
  readonly line: number;
  readonly locals: readonly { readonly name: string; readonly repr: string; readonly arg: boolean }[] | null;
  readonly locals_changed: boolean | null;
  readonly source: string | null;
}

export interface DumpedTask {
  readonly kind: string;
  readonly name: string | null;
  readonly id: number;
  readonly state: string;
  readonly changed_while_read: boolean;
  readonly awaited_by: readonly number[];
  readonly frames: readonly DumpedFrame[];
}

export interface DumpedThread {
  readonly pid: number;
  readonly thread_id: number;
  readonly changed_while_read: boolean;
  readonly thread_name: string | null;
  readonly os_thread_id: number | null;
  readonly active: boolean;
  readonly frames: readonly DumpedFrame[];
  readonly tasks: readonly DumpedTask[] | null;
  readonly process_info: {
    readonly pid: number;
    readonly parent: { readonly pid: number } | null;
    readonly stop_time_ns: number;
    readonly notes: readonly string[];
    readonly tasks: readonly DumpedTask[] | null;
  };
}

/** The document of `pyspy dump --json`, which is what the schema says, and nothing else was said. */
export async function dumped(
  workplace: Workplace,
  ...options: readonly string[]
): Promise<readonly DumpedThread[]> {
  const { code, stdout, stderr } = await workplace.pyspy("dump", "--json", ...options).outcome;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const document: unknown = JSON.parse(stdout);
  expect(isDump(document), JSON.stringify(isDump.errors)).toBe(true);
  return document as readonly DumpedThread[];
}

/** A program that has said that it is ready; `source` says so with `ready()`. */
export async function stand(
  python: Python,
  source: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<Target> {
  const prologue = "import sys\ndef ready():\n    print('ready'); sys.stdout.flush()\n";
  const env = { ...process.env, ...environment };
  const target = Target.start([...python.command, "-c", prologue + source], { env });
  await target.line();
  return target;
}
