import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { MemoryMap } from "../src/maps.js";
import { openProcess } from "../src/open-process.js";
import { openMappedFile } from "../src/platform/linux/mapped-file.js";
import type { LiveProcess, MappedFile } from "../src/process-view.js";
import { ByteMapReader } from "./byte-map-reader.js";
import { start, startPython, temporaryDirectory, until } from "./live-programs.js";

const SLEEP = readFileSync("/bin/sleep");

function contents(file: MappedFile | undefined): Buffer | undefined {
  if (file === undefined) return undefined;
  const bytes = Buffer.from(file.read(0, file.size));
  file.close();
  return bytes;
}

/** The mapping of a file, once there is one: when `spawn` returns, the kernel has yet to map the program. */
async function mapOf(target: LiveProcess, path = target.executable): Promise<MemoryMap> {
  const find = (): MemoryMap | undefined => target.maps().find((map) => map.path === path);
  await until(() => find() !== undefined);
  const map = find();
  if (map === undefined) throw new Error(`${path} is not mapped any more`);
  return map;
}

describe("openMappedFile", () => {
  it.each([
    ["is in its place", () => {}],
    ["has been deleted", (path: string) => unlinkSync(path)],
    [
      "has been replaced by another",
      (path: string) => {
        writeFileSync(`${path}.new`, "another file");
        renameSync(`${path}.new`, path);
      },
    ],
    [
      "has given its name to a folder",
      (path: string) => {
        unlinkSync(path);
        mkdirSync(path);
      },
    ],
  ])("opens the executable that runs when it %s", async (_, change) => {
    const path = join(temporaryDirectory(), "sleep");
    copyFileSync("/bin/sleep", path);
    using target = openProcess(start([path, "600"]).pid);
    await mapOf(target, path);
    change(path);
    expect(contents(target.openMappedFile(await mapOf(target, path)))?.equals(SLEEP)).toBe(true);
  });

  it("never opens another file that has taken the path of a mapped one", async () => {
    const path = join(temporaryDirectory(), "data");
    writeFileSync(path, "what is mapped".padEnd(4096));
    const { program } = await startPython(
      "file = open(sys.argv[2], 'rb'); area = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ); told.append(1)",
      path,
    );
    writeFileSync(`${path}.new`, "another file".padEnd(4096));
    renameSync(`${path}.new`, path);
    using target = openProcess(program.pid);
    const map = await mapOf(target, path);
    expect(map.deleted).toBe(true);
    // Only some users may open the mapping's own file.
    const text = contents(target.openMappedFile(map))?.toString().trim();
    expect([undefined, "what is mapped"]).toContain(text);
  });

  it("opens neither a pipe nor a device, nor what is no file", async () => {
    const fifo = join(temporaryDirectory(), "fifo");
    start(["mkfifo", fifo]).wait();
    using target = openProcess(process.pid);
    const map = await mapOf(target);
    for (const path of [fifo, "/dev/null", "/"]) {
      const { ino } = statSync(path);
      expect(target.openMappedFile({ ...map, start: 0, end: 4096, path, inode: ino })).toBeUndefined();
    }
    const stack = target.maps().find(({ path }) => path === "[stack]");
    expect(stack && target.openMappedFile(stack)).toBeUndefined();
  });

  it("reads parts, fewer bytes at the end, none after it and none once closed", async () => {
    using target = openProcess(start(["/bin/sleep", "600"]).pid);
    const file = target.openMappedFile(await mapOf(target));
    if (file === undefined) throw new Error("the executable cannot be opened");
    expect(file.size).toBe(SLEEP.length);
    expect(Buffer.from(file.read(1, 3)).toString()).toBe("ELF");
    expect(Buffer.from(file.read(file.size - 5, 100)).equals(SLEEP.subarray(-5))).toBe(true);
    expect(file.read(file.size, 10)).toHaveLength(0);
    expect(file.read(file.size + 10, 10)).toHaveLength(0);
    file.close();
    file.close();
    expect(file.read(0, 4)).toHaveLength(0);
  });
});

describe("a file on a file system whose device is not the one in the maps", () => {
  const text = Buffer.from("what is mapped".padEnd(8192));
  const start = 0x10000;

  /** What is opened when `mapped` is in memory for a mapping that differs by `changes`. */
  function open(mapped: Buffer, changes: Partial<MemoryMap> = {}): string | undefined {
    const path = join(temporaryDirectory(), "data");
    writeFileSync(path, text);
    const map: MemoryMap = {
      start,
      end: start + text.length,
      readable: true,
      writable: false,
      executable: false,
      shared: false,
      offset: 0,
      device: "ff:ff",
      inode: statSync(path).ino,
      path,
      deleted: false,
      ...changes,
    };
    const data = { ...map, start: 0x20000, end: 0x21000, offset: 4096, writable: true };
    const memory = new ByteMapReader(start, mapped);
    const directory = `/proc/${process.pid}`;
    const target = { executable: undefined, memory, maps: () => [data, map] };
    const contentsOf = [map, data].map((each) =>
      contents(openMappedFile(directory, target, each))
        ?.toString()
        .trim(),
    );
    expect(contentsOf[0]).toBe(contentsOf[1]);
    return contentsOf[0];
  }

  it("is opened if it has what is in memory, whichever of its mappings is asked for", () => {
    expect(open(text)).toBe("what is mapped");
  });

  it("is not opened if it has not, or if nobody can tell", () => {
    expect(open(Buffer.from("another file".padEnd(8192)))).toBeUndefined();
    expect(open(Buffer.alloc(0))).toBeUndefined();
    expect(open(text, { writable: true })).toBeUndefined();
    expect(open(text, { deleted: true })).toBeUndefined();
  });
});
