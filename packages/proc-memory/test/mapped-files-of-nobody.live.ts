import { copyFileSync, mkdirSync, readlinkSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Pid } from "../src/process-view.js";
import { AS_NOBODY, compile, start, startPythonAs, temporaryDirectory, until } from "./live-programs.js";
import { lookFrom } from "./look-from.js";

const ELF = "\x7fELF\x02\x01\x01";
const IN_MOUNT_NAMESPACE = ["unshare", "--mount"];

/** Makes the process one of the user nobody that nobody may look into. */
const BECOME_NOBODY = `
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
`;

/** Maps a file that says what it is, and tells its inode. */
const MAP_FILE = `
def write(path, text):
    with open(path, "w") as file: file.write(text.ljust(4096))
    os.chmod(path, 0o644)
    told.append(os.stat(path).st_ino)
def map_file(path):
    global area
    file = open(path, "rb")
    area = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
def mount():
    if os.system(f"mount -t tmpfs -o mode=755 tmpfs {directory}") != 0: raise SystemExit("cannot mount")
directory = sys.argv[2]
`;

const lookers: [string, string[]][] = [
  ["root", []],
  ["nobody", AS_NOBODY],
];

/** What of the file of that path is opened, by its first bytes. */
function opened(looker: string[], pid: Pid, path: string): string | undefined {
  const { denial, files } = lookFrom(looker, pid);
  expect(denial).toBeNull();
  return files[path]?.trim();
}

describe.each(lookers)("what %s opens of a process of nobody", (name, looker) => {
  /** Only root has /proc/PID/map_files. */
  const mapped = name === "root" ? "what is mapped" : undefined;

  /** Starts the sleeper and waits until it is what runs, because those that start it may be looked into too. */
  async function startSleeper(path: string, ...starter: string[]): Promise<Pid> {
    const { pid } = start([...starter, path]);
    await until(() => readlinkSync(`/proc/${pid}/exe`).endsWith("/sleeper"));
    return pid;
  }

  it("is the executable in a mount namespace, where our file of that path is another", async () => {
    const directory = temporaryDirectory();
    const path = join(directory, "sleeper");
    writeFileSync(path, "another file");
    const script = 'mount -t tmpfs -o mode=755 tmpfs "$1" && cp "$2" "$1/sleeper" && shift 2 && exec "$@"';
    const starter = [
      ...IN_MOUNT_NAMESPACE,
      "sh",
      "-c",
      script,
      "sh",
      directory,
      compile("sleeper", "-static"),
    ];
    const pid = await startSleeper(path, ...starter, ...AS_NOBODY);
    expect(opened(looker, pid, path)).toContain(ELF);
  });

  it("is a library in a mount namespace, where our file of that path is another", async () => {
    const directory = temporaryDirectory();
    const path = join(directory, "data");
    writeFileSync(path, "another file");
    const script = `mount(); write(directory + "/data", "what is mapped"); map_file(directory + "/data")`;
    const { program } = await startPythonAs(IN_MOUNT_NAMESPACE, MAP_FILE + script + BECOME_NOBODY, directory);
    expect(opened(looker, program.pid, path)).toBe("what is mapped");
  });

  it("is not a file that has the same path and inode on a file system mounted over", async () => {
    const directory = temporaryDirectory();
    const path = join(directory, "data");
    const script = `
mount(); write(directory + "/data", "what is mapped"); map_file(directory + "/data")
mount(); write(directory + "/data", "another file")
`;
    const { program, told } = await startPythonAs(
      IN_MOUNT_NAMESPACE,
      MAP_FILE + script + BECOME_NOBODY,
      directory,
    );
    expect(told[0]).toBe(told[1]);
    expect(opened(looker, program.pid, path)).toBe(mapped);
  });

  it("is the executable in a chroot", async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, "bin"));
    copyFileSync(compile("sleeper", "-static"), join(directory, "bin/sleeper"));
    const pid = await startSleeper("/bin/sleeper", "chroot", "--userspec=65534:65534", directory);
    expect(opened(looker, pid, join(directory, "bin/sleeper"))).toContain(ELF);
  });

  it.each([
    ["chroot", [], ""],
    ["chroot of a mount namespace", IN_MOUNT_NAMESPACE, "mount()"],
  ])("is a library in a %s", async (_, starter, prepare) => {
    const directory = temporaryDirectory();
    const path = join(directory, "root/data");
    mkdirSync(join(directory, "root"));
    writeFileSync(path, "another file");
    const script = `
${prepare}
os.makedirs(directory + "/root", exist_ok=True)
write(directory + "/root/data", "what is mapped")
ready, go = os.pipe()
child = os.fork()
if child == 0:
    os.chroot(directory + "/root")
    map_file("/data")
    ${BECOME_NOBODY.trim().replaceAll("\n", "\n    ")}
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
    os.write(go, b"1")
    signal.pause()
os.read(ready, 1)
told.append(child)
`;
    const { told } = await startPythonAs(starter, MAP_FILE + script, directory);
    expect(opened(looker, told[1] ?? 0, path)).toBe("what is mapped");
  });

  it.each(["deleted", "replaced"])("is the executable that has been %s", async (change) => {
    const directory = temporaryDirectory();
    const path = join(directory, "sleeper");
    copyFileSync(compile("sleeper", "-static"), path);
    const pid = await startSleeper(path, ...AS_NOBODY);
    changeFile(path, change);
    expect(opened(looker, pid, path)).toContain(ELF);
  });

  it.each(["deleted", "replaced"])(
    "is never another file than the library that has been %s",
    async (change) => {
      const directory = temporaryDirectory();
      const path = join(directory, "data");
      const script = `write(directory + "/data", "what is mapped"); map_file(directory + "/data")`;
      const { program } = await startPythonAs([], MAP_FILE + script + BECOME_NOBODY, directory);
      changeFile(path, change);
      expect(opened(looker, program.pid, path)).toBe(mapped);
    },
  );
});

function changeFile(path: string, change: string): void {
  if (change === "replaced") {
    writeFileSync(`${path}.new`, "another file".padEnd(4096));
    renameSync(`${path}.new`, path);
  } else unlinkSync(path);
}
