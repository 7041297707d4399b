import { chmodSync, cpSync, readFileSync, renameSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTarget } from "../fixtures/live-programs.js";
import { Nobody, root, WORK } from "./fixtures/sampled-from.js";
import {
  copyPython,
  hostSettingOf,
  libraries,
  libraryOf,
  type PythonCopy,
  pythons,
} from "./fixtures/situation-pythons.js";
import { Workshop } from "./fixtures/workshop.js";

const workshop = new Workshop();
const nobody = new Nobody();
afterAll(() => nobody[Symbol.dispose]());

test.each(pythons)("CPython $name is started and sampled by nobody", async (python) => {
  const { executable, library } = copyPython(workshop, python);
  const setting = library === undefined ? [] : ["env", `LD_LIBRARY_PATH=${dirname(library)}`];
  await nobody.expectLaunched([...setting, executable, "-c", WORK]);
});

/** What happens to a file while a program runs that was started from it. */
const changes: readonly (readonly [string, (file: string, other: string) => void])[] = [
  ["deleted", (file) => unlinkSync(file)],
  [
    "replaced by another build",
    (file, other) => {
      cpSync(other, `${file}.new`);
      chmodSync(`${file}.new`, 0o755);
      renameSync(`${file}.new`, file);
    },
  ],
];

/** Every change as seen by everybody. */
const cases = changes.flatMap(([name, change]) =>
  [root, nobody].map((looker) => ({ name, change, who: looker.name, looker })),
);

describe.each(pythons)("the executable of CPython $name", (python) => {
  const other = pythons.find(({ shared, name }) => !shared && name !== python.name) ?? python;

  test.each(cases)("that has been $name since it started is sampled by $who", async ({ change, looker }) => {
    const { executable, environment } = copyPython(workshop, python);
    const target = startTarget([...looker.starter, executable, "-c", WORK], { env: environment });
    expect(await target.line()).toBe("ready");
    change(executable, other.executable);
    expect(readFileSync(`/proc/${target.pid}/maps`, "utf8")).toContain(`${executable} (deleted)`);
    await looker.expectSampled(target.pid);
  });
});

describe.each(libraries)("the library of CPython $name", (python) => {
  const { compilerWords } = hostSettingOf(python);
  const other = libraries[(libraries.indexOf(python) + 1) % libraries.length] ?? python;
  let library = "";
  let otherLibrary = "";
  let host = "";
  let copy: PythonCopy;
  beforeAll(() => {
    library = libraryOf(workshop, python);
    otherLibrary = libraryOf(workshop, other);
    host = workshop.compile("loading-host.c", compilerWords);
    copy = copyPython(workshop, python);
  });

  test.each(cases)(
    "that has been $name since it was loaded is sampled by $who",
    async ({ change, looker }) => {
      const file = `${workshop.newFolder()}/libpython.so`;
      cpSync(library, file);
      const { LD_LIBRARY_PATH = "" } = hostSettingOf(python).environment;
      const setting = ["env", `PYTHONHOME=${copy.home}`, `LD_LIBRARY_PATH=${LD_LIBRARY_PATH}`];
      const target = startTarget([...looker.starter, ...setting, host, file, WORK]);
      expect(await target.line()).toBe("ready");
      change(file, otherLibrary);
      expect(readFileSync(`/proc/${target.pid}/maps`, "utf8")).toContain(`${file} (deleted)`);
      await looker.expectSampled(target.pid);
    },
  );
});
