import { inspect, listPythonProcesses, openCore, processTree } from "@pyspy/stack-sampler";
import { dump } from "./commands/dump.js";
import type { DumpCommand } from "./dump-arguments.js";
import type { Ending } from "./ending.js";
import type { Report } from "./run.js";
import { writeOutput } from "./standard-output.js";
import { isTerminal } from "./terminal/is-terminal.js";
import { styleOf } from "./terminal/style.js";
import type { Terminal } from "./terminal/terminal.js";

export function runDump(command: DumpCommand, terminal: Terminal, report: Report): Promise<Ending> {
  return dump(command, {
    looks: {
      inspect,
      listPythonProcesses,
      openCore,
      processTree,
    },
    terminal,
    report,
    style: styleOf(1),
    columns: () => (isTerminal(1) ? process.stdout.columns || 80 : 80),
    write: writeOutput,
    pause: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
  });
}
