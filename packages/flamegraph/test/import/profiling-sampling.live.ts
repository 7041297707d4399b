import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foldStacks, readProfile, summarize } from "@pyspy/flamegraph";
import { afterAll, describe, expect, test } from "vitest";
import { findPythons } from "../../../../tools/testing/pythons.js";

const folder = mkdtempSync(join(tmpdir(), "sampling-"));
afterAll(() => rmSync(folder, { recursive: true }));

const PROGRAM = `
import threading, time
class Größe:
    def leaf(self, n):
        return sum(i * i for i in range(n))
def work(seconds):
    end = time.time() + seconds
    while time.time() < end:
        Größe().leaf(300)
thread = threading.Thread(target=work, args=(2,))
thread.start()
work(2)
thread.join()
`;

const pythons = findPythons().filter(({ version }) => version.major === 3 && version.minor >= 15);

describe.each(pythons)("profiling.sampling of $name", (python) => {
  const run = (...parameters: string[]) =>
    execFileSync(
      python.command[0] ?? "",
      [...python.command.slice(1), "-m", "profiling.sampling", ...parameters],
      {
        cwd: folder,
        stdio: "pipe",
      },
    );

  test.each(["none", "zstd"])(
    "a binary file with compression %s has the samples that CPython sees in it",
    async (compression) => {
      writeFileSync(join(folder, "program.py"), PROGRAM);
      run(
        "run",
        "--binary",
        `--compression=${compression}`,
        "--all-threads",
        "-o",
        "profile.bin",
        "program.py",
      );
      run("replay", "--collapsed", "-o", "replayed.txt", "profile.bin");
      const profile = await readProfile(readFileSync(join(folder, "profile.bin")));
      const replayed = await readProfile(readFileSync(join(folder, "replayed.txt")));
      expect(foldStacks(profile).samples).toBe(foldStacks(replayed).samples);
      // CPython leaves out the frames of its own starter when it shows a file; what they ran themselves it gives to their caller.
      const places = (read: typeof profile) =>
        summarize(read, {
          names: "qualname",
          lines: "none",
          shortenFile: ({ file }) => file.replace(/^.*\//, ""),
        })
          .functions.filter(({ file }) => file !== "_sync_coordinator.py")
          .map(({ name, file, self, total }) =>
            [name, file, total, file === "program.py" ? self : 0].join(" "),
          )
          .sort();
      expect(places(profile)).toEqual(places(replayed));
      expect(places(profile).some((place) => place.startsWith("Größe.leaf program.py"))).toBe(true);
      expect(profile.threads.length).toBe(2);
    },
  );
});
