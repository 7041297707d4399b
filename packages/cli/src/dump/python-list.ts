import type { PythonProcesses } from "@pyspy/stack-sampler";
import { commandLine, printable, shortened } from "../terminal/printable.js";
import type { Style } from "../terminal/style.js";

/** The Pythons that can be looked into, one a line, cut to the width of the terminal if there is one. */
export function pythonListText({ processes }: PythonProcesses, style: Style, columns: number): string {
  const pidWidth = Math.max(3, ...processes.map(({ pid }) => String(pid).length));
  const versionWidth = Math.max(6, ...processes.map(({ version }) => version.length));
  const title = `${"PID".padStart(pidWidth)}  ${"PYTHON".padEnd(versionWidth)}  COMMAND`;
  const rest = Math.max(20, columns - pidWidth - versionWidth - 4);
  const rows = processes.map(({ pid, version, commandLine: words }) => {
    const id = style.bold(style.yellow(String(pid).padStart(pidWidth)));
    return `${id}  ${version.padEnd(versionWidth)}  ${shortened(printable(commandLine(words)), rest)}`;
  });
  return `${[style.dim(title), ...rows].join("\n")}\n`;
}

/** The same for programs. */
export function pythonListJson({ processes }: PythonProcesses): unknown {
  return processes.map(({ pid, version, executable, commandLine: words }) => ({
    pid,
    command_line: words.join(" "),
    executable,
    python_version: version,
  }));
}

/** What to know about the processes that may not be looked into; undefined if there are none. */
export function deniedMessage({ denied }: PythonProcesses, kind = ""): string | undefined {
  if (denied === 0) return undefined;
  return `${denied} ${denied === 1 ? "process" : "processes"} of others${kind} may not be looked into; pyspy doctor tells why`;
}
