import type { DiagnosedPython, DiscoveryStep } from "@pyspy/stack-sampler";
import type { Check, CheckSection, Mark } from "../terminal/checklist.js";
import { counted } from "../terminal/counted.js";
import { commandLine, shortened } from "../terminal/printable.js";
import type { DenialReport, Problem, ProcessReport } from "./report.js";

/**
 * What a person reads about a process.
 *
 * @param verbose also binaries that are no Python, one by one, and all of the command line
 */
export function processSections(
  process: ProcessReport,
  problem: Problem | undefined,
  verbose: boolean,
): readonly CheckSection[] {
  const { pid, executable, commandLine: words, steps, pythons } = process;
  const typed = commandLine(words);
  const sections: readonly CheckSection[] = [
    {
      title: `Process ${pid}`,
      checks: [
        { mark: "fact", label: "executable", text: executable ?? "unknown" },
        { mark: "fact", label: "command line", text: verbose ? typed : shortened(typed, 160) },
      ],
    },
    { title: "Permissions", checks: permissionChecks(process) },
    { title: "Search", checks: searchChecks(steps, executable, verbose) },
    { title: "Pythons", checks: pythons.map(pythonCheck) },
    { title: "What works", checks: [recordCheck(process, problem)] },
  ];
  return sections.filter(({ checks }) => checks.length > 0);
}

function permissionChecks({ readBy, readDenial, stopDenial }: ProcessReport): readonly Check[] {
  const label = "memory";
  if (readDenial !== undefined) {
    const { also } = readDenial;
    const besides: Check = { mark: "note", label: "besides", text: also.map(({ code }) => code).join(", ") };
    return [refusal("no", label, readDenial), ...(also.length > 0 ? [besides] : [])];
  }
  return [
    readBy === "process_vm_readv"
      ? { mark: "yes", label, text: "can be read with process_vm_readv" }
      : readBy === "/proc/PID/mem"
        ? { mark: "note", label, text: "can be read through /proc/PID/mem, which is slower" }
        : { mark: "no", label, text: "cannot be read" },
    ...(stopDenial === undefined ? [] : [refusal("note", "stopping", stopDenial)]),
  ];
}

function refusal(mark: Mark, label: string, { message, advice }: DenialReport): Check {
  // Sampling does not stop anything, so there is nothing to do about that.
  return mark === "no"
    ? { mark, label, text: message, advice }
    : { mark, label, text: `${message}; record does not need it` };
}

function searchChecks(
  steps: readonly DiscoveryStep[],
  executable: string | undefined,
  verbose: boolean,
): readonly Check[] {
  const telling = new Set(steps.filter(({ outcome }) => outcome !== "nothing").map(({ image }) => image));
  const shown = steps.filter(({ image }) => verbose || image === executable || telling.has(image));
  const others = new Set(steps.map(({ image }) => image));
  for (const { image } of shown) others.delete(image);
  const checks = shown.map(stepCheck);
  if (others.size === 0) return checks;
  const label = `${others.size} ${others.size === 1 ? "other" : "others"}`;
  return [...checks, { mark: "fact", label, text: "no sign of a Python (--verbose lists them)" }];
}

const stepMarks: Readonly<Record<DiscoveryStep["outcome"], Mark>> = {
  found: "yes",
  starting: "note",
  finalized: "no",
  unsupported: "no",
  nothing: "fact",
  unreadable: "note",
};

function stepCheck({ image, method, outcome, detail }: DiscoveryStep): Check {
  return { mark: stepMarks[outcome], label: method, text: `${image}: ${detail || outcome}` };
}

function pythonCheck(python: DiagnosedPython): Check {
  const { version, image, pointerSize, freeThreaded, verified, interpreters, threads } = python;
  const facts = [
    `${counted(interpreters, "interpreter")} with ${counted(threads, "thread")}`,
    ...(freeThreaded ? ["free-threaded"] : []),
    ...(pointerSize === 4 ? ["32-bit"] : []),
    ...(verified ? [] : ["newer than what pyspy was tested with"]),
    `in ${image}`,
  ];
  return { mark: verified ? "yes" : "note", label: `CPython ${version}`, text: facts.join(", ") };
}

function recordCheck({ pid, works, readDenial }: ProcessReport, problem: Problem | undefined): Check {
  const label = "record";
  if (works.record || problem === undefined) {
    return { mark: "yes", label, text: `pyspy record --pid ${pid}` };
  }
  if (problem.code === "not-started") {
    return {
      mark: "no",
      label,
      text: "Its Python has not started yet",
      advice: "Try it: record waits for that",
    };
  }
  return {
    mark: "no",
    label,
    // What is refused, and what to do about it, has been told above.
    text: readDenial === undefined ? problem.message : "Its memory cannot be read",
    advice: readDenial === undefined ? problem.advice : undefined,
  };
}
