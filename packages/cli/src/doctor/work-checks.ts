import type { Check } from "../terminal/checklist.js";
import type { ProcessReport } from "./report.js";
import type { Problem, Works } from "./works.js";

/** What can be done with a process, and by which command. */
export function workChecks(process: ProcessReport): readonly Check[] {
  const { pid, whyNot } = process;
  const check = (name: keyof Works, label: string, command: string): Check => {
    const problem = whyNot[name];
    if (problem === undefined) return { mark: "yes", label, text: command };
    if (name !== "record" && problem === whyNot.record)
      return { mark: "no", label, text: "for the same reason" };
    return { label, ...explained(process, name, problem) };
  };
  return [
    check("record", "record", `pyspy record --pid ${pid}`),
    check("blocking", "record --blocking", `pyspy record --blocking --pid ${pid}`),
    check("dump", "dump", `pyspy dump --pid ${pid}`),
    check("locals", "dump --locals", `pyspy dump --locals --pid ${pid}`),
    check("core", "dump --core", "pyspy dump --core FILE, for a core file of it"),
    check("native", "native frames", ""),
  ];
}

function explained(
  { readDenial }: ProcessReport,
  name: keyof Works,
  { code, message, advice }: Problem,
): Omit<Check, "label"> {
  if (name === "native") return { mark: "note", text: "not available yet" };
  // What is refused has been told above, here is what to do about it.
  if (name === "blocking") return { mark: "no", text: "Its threads may not be stopped", advice };
  if (code === "not-started") {
    return { mark: "no", text: "Its Python has not started yet", advice: "Try it: record waits for that" };
  }
  if (readDenial !== undefined) return { mark: "no", text: "Its memory cannot be read" };
  return { mark: "no", text: message, advice };
}
