import {
  type ChangedFile,
  type DiagnosedPython,
  type DiscoveryStep,
  denialSentence,
} from "@pyspy/stack-sampler";
import type { Check, CheckSection, Mark } from "../terminal/checklist.js";
import { counted } from "../terminal/counted.js";
import { commandLine, shortened } from "../terminal/printable.js";
import type { DenialReport, ProcessReport } from "./report.js";
import { workChecks } from "./work-checks.js";

/**
 * What a person reads about a process.
 *
 * @param verbose also what was looked at in vain, step by step, libraries that have changed, and all of the command line
 */
export function processSections(process: ProcessReport, verbose: boolean): readonly CheckSection[] {
  const { pid, commandLine: words, pythons } = process;
  const typed = commandLine(words);
  const sections: readonly CheckSection[] = [
    {
      title: `Process ${pid}`,
      checks: [
        executableCheck(process),
        { mark: "fact", label: "command line", text: verbose ? typed : shortened(typed, 160) },
        ...(verbose ? changedFileChecks(process) : []),
      ],
    },
    { title: "Permissions", checks: permissionChecks(process) },
    { title: "Search", checks: searchChecks(process, verbose) },
    { title: "Pythons", checks: pythons.map((python) => pythonCheck(python, process)) },
    { title: "What works", checks: workChecks(process) },
  ];
  return sections.filter(({ checks }) => checks.length > 0);
}

function executableCheck({ executable, changedFiles }: ProcessReport): Check {
  const label = "executable";
  if (executable === undefined) return { mark: "fact", label, text: "unknown" };
  const change = changeOf(executable, changedFiles);
  return { mark: change === "" ? "fact" : "note", label, text: `${executable}${change}` };
}

function changedFileChecks({ executable, changedFiles }: ProcessReport): readonly Check[] {
  return changedFiles
    .filter(({ path }) => path !== executable)
    .map(({ path }) => ({ mark: "note", label: "library", text: `${path}${changeOf(path, changedFiles)}` }));
}

/** What has become of a file since the process started, to go after its path; "" if nothing. */
function changeOf(path: string, changedFiles: readonly ChangedFile[]): string {
  const changed = changedFiles.find((file) => file.path === path);
  if (changed === undefined) return "";
  const source = changed.readFrom === "file" ? "the old one is read through /proc" : "read from memory";
  return ` (${changed.change} since the start; ${source})`;
}

function permissionChecks({ readBy, readDenial, stopDenial }: ProcessReport): readonly Check[] {
  const label = "memory";
  if (readDenial !== undefined) {
    const besides = readDenial.also.map(
      (reason): Check => ({ mark: "note", label: "besides", text: denialSentence(reason) }),
    );
    return [refusal("no", label, readDenial), ...besides];
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
  // Sampling does not stop anything unless that is asked for, so there is nothing to do about that.
  return mark === "no"
    ? { mark, label, text: message, advice }
    : { mark, label, text: `${message}; only --blocking needs it` };
}

function searchChecks({ steps, executable }: ProcessReport, verbose: boolean): readonly Check[] {
  if (verbose) return steps.map(stepCheck);
  const telling = steps.filter(({ outcome }) => outcome !== "nothing");
  const others = new Set(steps.map(({ image }) => image));
  for (const { image } of telling) others.delete(image);
  const isVain = executable !== undefined && others.delete(executable);
  const checks = telling.map(stepCheck);
  if (isVain)
    checks.unshift({ mark: "fact", label: "executable", text: `${executable}: no sign of a Python` });
  if (others.size > 0) {
    const label = `${others.size} ${others.size === 1 ? "other" : "others"}`;
    checks.push({ mark: "fact", label, text: "no sign of a Python (--verbose shows every step)" });
  }
  return checks;
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

function pythonCheck(python: DiagnosedPython, { executable, changedFiles }: ProcessReport): Check {
  const { version, image, pointerSize, freeThreaded, verified, interpreters, threads } = python;
  const facts = [
    `${counted(interpreters, "interpreter")} with ${counted(threads, "thread")}`,
    ...(freeThreaded ? ["free-threaded"] : []),
    ...(pointerSize === 4 ? ["32-bit"] : []),
    ...(verified ? [] : ["newer than what pyspy was tested with"]),
    // Of the executable it has been told above.
    `in ${image}${image === executable ? "" : changeOf(image, changedFiles)}`,
  ];
  return { mark: verified ? "yes" : "note", label: `CPython ${version}`, text: facts.join(", ") };
}
