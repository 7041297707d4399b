import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import type { Python } from "../../../../tools/testing/pythons.js";
import type { DiscoveryMethod } from "../../src/discovery/discovery.js";
import { startTarget } from "../fixtures/live-programs.js";
import { foundBy } from "./fixtures/found-by.js";
import { expectSampled, type Looker, Nobody, root, WORK } from "./fixtures/sampled-from.js";
import {
  copyPython,
  hostSettingOf,
  type PythonCopy,
  pythonOf,
  staticLinkWords,
} from "./fixtures/situation-pythons.js";
import { run, Workshop } from "./fixtures/workshop.js";

const workshop = new Workshop();
const nobody = new Nobody();
afterAll(() => nobody[Symbol.dispose]());

/** Debian's are stripped as they come; patchelf, which made them run here, lays files out so that strip would break them. */
const strippable = [pythonOf("3.8", true), pythonOf("3.11", false), pythonOf("3.13", true)];

describe("a Python that was stripped", () => {
  test.each(strippable.map((python) => ({ name: python.name, python })))(
    "is sampled: CPython $name",
    async ({ python }) => {
      const copy = copyPython(workshop, python);
      for (const file of filesOf(copy)) strip(file);
      await expectSampledBy(copy, "symbol");
    },
  );

  test("is sampled: CPython 3.15", async () => {
    const copy = copyPython(workshop, pythonOf("3.15"));
    expect(run(["readelf", "--sections", "--wide", copy.executable])).not.toContain(".symtab");
    await expectSampledBy(copy, "symbol");
  });
});

test("a stripped Python of 3.6 is sampled, which names no runtime", async () => {
  const copy = copyPython(workshop, pythonOf("3.6", true));
  for (const file of filesOf(copy)) strip(file);
  await expectSampledBy(copy, "accessor");
});

test.each([...strippable, pythonOf("3.15")].map((python) => ({ name: python.name, python })))(
  "a Python without section headers is sampled: CPython $name",
  async ({ python }) => {
    const copy = copyPython(workshop, python);
    for (const file of filesOf(copy)) removeSectionHeaders(file);
    await expectSampledBy(copy, "symbol", "cookie");
  },
);

function filesOf({ executable, library }: PythonCopy): readonly string[] {
  return library === undefined ? [executable] : [executable, library];
}

async function expectSampledBy(
  { executable, environment }: PythonCopy,
  ...methods: readonly DiscoveryMethod[]
): Promise<void> {
  const target = startTarget([executable, "-c", WORK], { env: environment });
  expect(await target.line()).toBe("ready");
  const found = await foundBy(target.pid);
  expect(found).toHaveLength(1);
  expect(methods).toContain(found[0]);
  await expectSampled(target.pid);
}

/** Programs that have a Python in them and export nothing of it. */
const hosts: readonly {
  python: Python;
  withoutSymbols: DiscoveryMethod;
  withoutSections: DiscoveryMethod;
}[] = [
  { python: pythonOf("3.6", true), withoutSymbols: "scan", withoutSections: "scan" },
  { python: pythonOf("3.8", true), withoutSymbols: "scan", withoutSections: "scan" },
  { python: pythonOf("3.11", true), withoutSymbols: "section", withoutSections: "scan" },
  { python: pythonOf("3.13", true), withoutSymbols: "section", withoutSections: "cookie" },
  { python: pythonOf("3.15"), withoutSymbols: "section", withoutSections: "cookie" },
];

describe.each(hosts.map((host) => ({ name: host.python.name, ...host })))(
  "a program that is linked with CPython $name",
  ({ python, withoutSymbols, withoutSections }) => {
    const { LD_LIBRARY_PATH = "" } = hostSettingOf(python).environment;
    // One that everybody may read.
    const { home: PYTHONHOME } = copyPython(workshop, python);
    // The programs that start it are of this machine, and want its libraries.
    const setting = ["env", `PYTHONHOME=${PYTHONHOME}`, `LD_LIBRARY_PATH=${LD_LIBRARY_PATH}`];
    const linked = () => workshop.compile("linked-host.c", staticLinkWords(python));

    async function expectFound(
      host: string,
      method: DiscoveryMethod,
      starter: readonly string[] = [],
      looker: Looker = root,
    ): Promise<void> {
      const target = startTarget([...starter, ...looker.starter, ...setting, host, WORK]);
      expect(await target.line()).toBe("ready");
      expect(await foundBy(target.pid)).toEqual([method]);
      await looker.expectSampled(target.pid);
    }

    test("and has symbols of its own is sampled", async () => {
      await expectFound(linked(), "symbol");
    });

    test("and stripped is sampled", async () => {
      const host = linked();
      strip(host);
      await expectFound(host, withoutSymbols);
    });

    test("and has neither symbols nor section headers is sampled", async () => {
      const host = linked();
      strip(host);
      removeSectionHeaders(host);
      await expectFound(host, withoutSections);
    });

    test.each([root, nobody])(
      "and has its symbols in a file beside it is sampled by $name",
      async (looker) => {
        const host = linked();
        const debug = separateSymbols(host);
        run(["objcopy", `--add-gnu-debuglink=${debug}`, host]);
        await expectFound(host, "debug-file", [], looker);
      },
    );

    test.each([root, nobody])(
      "and has its symbols in a file that is named by its build id is sampled by $name",
      async (looker) => {
        const host = linked();
        const debug = separateSymbols(host);
        const [, id = ""] = /Build ID: (\w+)/.exec(run(["readelf", "--notes", host])) ?? [];
        const tree = `/usr/lib/debug/.build-id/${id.slice(0, 2)}`;
        const path = `${tree}/${id.slice(2)}.debug`;
        // Only this program sees it there.
        const script = `mkdir -p /usr/lib/debug && mount -t tmpfs tmpfs /usr/lib/debug && mkdir -p ${tree} && cp "$1" ${path}; shift; exec "$@"`;
        await expectFound(
          host,
          "debug-file",
          ["unshare", "--mount", "sh", "-c", script, "sh", debug],
          looker,
        );
      },
    );

    test("and has its symbols compressed inside is sampled", async () => {
      const host = linked();
      const debug = separateSymbols(host);
      run(["xz", debug]);
      run(["objcopy", `--add-section=.gnu_debugdata=${debug}.xz`, host]);
      await expectFound(host, "debug-file");
    });
  },
);

function strip(file: string): void {
  run(["strip", "--strip-all", file]);
}

/** What binutils before 2.41 cannot: `e_shoff`, `e_shnum` and `e_shstrndx` are zero, and the table is gone. */
function removeSectionHeaders(file: string): void {
  const bytes = readFileSync(file);
  const start = Number(bytes.readBigUInt64LE(0x28));
  bytes.fill(0, start, start + bytes.readUInt16LE(0x3a) * bytes.readUInt16LE(0x3c));
  bytes.fill(0, 0x28, 0x30);
  bytes.fill(0, 0x3c, 0x40);
  writeFileSync(file, bytes);
}

/** Moves the symbols to a file of their own, and hides the section that would lead to the runtime without them. */
function separateSymbols(file: string): string {
  const debug = `${file}.debug`;
  run(["objcopy", "--only-keep-debug", file, debug]);
  run(["objcopy", "--strip-all", "--rename-section", ".PyRuntime=.data.other", file]);
  return debug;
}
