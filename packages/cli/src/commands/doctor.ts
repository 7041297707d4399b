import { type Diagnosis, isSamplerError, type Permissions } from "@pyspy/stack-sampler";
import type { DoctorCommand } from "../args.js";
import { machineSections } from "../doctor/machine-sections.js";
import { processSections } from "../doctor/process-sections.js";
import {
  type DoctorReport,
  type MachineReport,
  machinePermissionsOf,
  processReportOf,
  type System,
} from "../doctor/report.js";
import { type Problem, problemOf } from "../doctor/works.js";
import type { Ending } from "../ending.js";
import type { Invocation } from "../invocation.js";
import { type CheckSection, renderChecklist } from "../terminal/checklist.js";
import { printableJson } from "../terminal/printable.js";
import type { Style } from "../terminal/style.js";

/** What the doctor needs of the world. */
export interface DoctorSurroundings {
  readonly diagnose: (pid: number) => Promise<Diagnosis>;
  readonly inspectPermissions: (pid: number) => Permissions;
  readonly system: System;
  /** Of pyspy itself. */
  readonly ownPid: number;
  readonly invocation: Invocation;
  /** Of standard output. */
  readonly style: Style;
  /** To standard output. */
  readonly write: (text: string) => void;
}

/**
 * Tells whether a process can be sampled, or without a pid what can be on this machine, and why.
 *
 * @throws {SamplerError} without `json`, if the process cannot even be opened
 */
export async function doctor(command: DoctorCommand, surroundings: DoctorSurroundings): Promise<Ending> {
  const { style, write, system } = surroundings;
  const report = await examine(command, surroundings);
  if (command.json) write(`${printableJson(report)}\n`);
  else {
    const title = `pyspy ${system.pyspy}, Node ${system.node}, ${system.platform} on ${system.architecture}\n`;
    write(`${style.dim(title)}\n${renderChecklist(sectionsOf(report, command), style)}`);
  }
  return { code: report.ok ? 0 : 1 };
}

async function examine(command: DoctorCommand, surroundings: DoctorSurroundings): Promise<DoctorReport> {
  const { pid } = command;
  const { machine, problem } = examineMachine(surroundings);
  if (pid === undefined) {
    return { ok: problem === undefined, machine, process: undefined, problem };
  }
  // What helps is told for what the person wants in the end.
  const invocation = { ...surroundings.invocation, argv: ["record", "--pid", String(pid)] };
  try {
    const diagnosis = await surroundings.diagnose(pid);
    const process = processReportOf(diagnosis, invocation);
    return { ok: process.works.record, machine, process, problem: process.whyNot.record };
  } catch (error) {
    if (!command.json || !isSamplerError(error) || error.code === "internal") throw error;
    return { ok: false, machine, process: undefined, problem: problemOf(error, invocation) };
  }
}

function examineMachine({ system, invocation, inspectPermissions, ownPid }: DoctorSurroundings): {
  readonly machine: MachineReport;
  readonly problem: Problem | undefined;
} {
  const recording = { ...invocation, argv: ["record", "--pid", "PID"] };
  try {
    const permissions = machinePermissionsOf(inspectPermissions(ownPid), recording);
    const { reach, advice } = permissions;
    const message = "Cannot look into any process on this machine";
    const problem = reach === "none" ? { code: "permission-denied", message, advice } : undefined;
    return { machine: { ...system, permissions }, problem };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "unsupported-platform")) throw error;
    const problem = { code: error.code, message: error.message, advice: undefined };
    return { machine: { ...system, permissions: undefined }, problem };
  }
}

function sectionsOf(
  { machine, process, problem }: DoctorReport,
  { verbose }: DoctorCommand,
): readonly CheckSection[] {
  if (process === undefined) return machineSections(machine, problem);
  return processSections(process, verbose);
}
