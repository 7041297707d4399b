import { closeSync, openSync, readFileSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import type { LaunchOptions } from "@pyspy/stack-sampler";
import { partialPath } from "../output-file.js";

/** Who has called pyspy by sudo, and what their programs find in their environment. */
export type CallingUser = Required<Pick<LaunchOptions, "user" | "environment">>;

/**
 * Who a program is to be run as: under sudo pyspy has to be root, the program has not. Undefined if that is who runs pyspy.
 *
 * @param passwd the text of /etc/passwd
 */
export function callingUser(
  environment: Readonly<Record<string, string | undefined>>,
  isRoot: boolean,
  passwd: () => string = () => readFileSync("/etc/passwd", "utf8"),
): CallingUser | undefined {
  const uid = idOf(environment["SUDO_UID"]);
  const gid = idOf(environment["SUDO_GID"]);
  const name = environment["SUDO_USER"];
  if (!isRoot || uid === undefined || uid === 0 || gid === undefined || !name) return undefined;
  const home = homeIn(passwd, name);
  return {
    user: { uid, gid, name },
    environment: { ...environment, USER: name, LOGNAME: name, ...(home && { HOME: home }) },
  };
}

function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function homeIn(passwd: () => string, name: string): string | undefined {
  try {
    const entry = passwd()
      .split("\n")
      .find((line) => line.startsWith(`${name}:`));
    return entry?.split(":")[5];
  } catch {
    return undefined;
  }
}

/** What a program writes, kept from the screen. */
export interface CapturedOutput extends Disposable {
  readonly streams: NonNullable<LaunchOptions["streams"]>;
  /** All that it has written. */
  read(): Buffer;
}

/** A file without a name, so that nothing waits for us to read, and no input. */
export function captureOutput(): CapturedOutput {
  const path = partialPath(tmpdir());
  const output = openSync(path, "wx+", 0o600);
  unlinkSync(path);
  const input = openSync("/dev/null", "r");
  return {
    streams: [input, output, output],
    // By its descriptor it would be read from where the program has written last.
    read: () => readFileSync(`/proc/self/fd/${output}`),
    [Symbol.dispose]() {
      closeSync(input);
      closeSync(output);
    },
  };
}
