import { diagnose, inspectPermissions } from "@pyspy/stack-sampler";
import type { DoctorCommand } from "./args.js";
import { doctor } from "./commands/doctor.js";
import type { Ending } from "./ending.js";
import type { Invocation } from "./invocation.js";
import { packageVersion } from "./package-version.js";
import { writeOutput } from "./standard-output.js";
import { styleOf } from "./terminal/style.js";

export function runDoctor(command: DoctorCommand, invocation: Invocation): Promise<Ending> {
  const { version, platform, arch } = process;
  return doctor(command, {
    diagnose,
    inspectPermissions,
    system: { pyspy: packageVersion(), node: version.slice(1), platform, architecture: arch },
    ownPid: process.pid,
    invocation,
    style: styleOf(1),
    write: writeOutput,
  });
}
