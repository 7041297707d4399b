import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { PythonHeaders } from "./headers.js";
import { type Probe, probes } from "./probes.js";

/** What was measured of one build: offsets and sizes in bytes, and constants, by the keys of `probes.ts`. */
export type Row = Readonly<Record<string, number>>;

/**
 * Measures one build by its headers. Nothing is run and nothing linked: the compiler writes each constant into its
 * assembly, so the same works for another target whose headers are there.
 *
 * @throws Error when the headers do not compile at all
 */
export function measure(headers: PythonHeaders): Row {
  const work = mkdtempSync(join(tmpdir(), "pyspy-layouts-"));
  try {
    return measureIn(work, headers);
  } finally {
    rmSync(work, { recursive: true });
  }
}

function measureIn(work: string, headers: PythonHeaders): Row {
  const source = join(work, "probe.c");
  const assembly = join(work, "probe.s");
  const target = headers.architecture === "i386" ? targetI386(work, headers) : [];
  // What a key means first, then what it means in other versions: a line that does not compile is left out.
  let questions = probes.flatMap((probe) => probe.expressions.map((expression) => ({ probe, expression })));
  for (;;) {
    const lines = [
      preamble(headers),
      "void probe(void) {",
      ...questions.map(({ expression }, index) => ask(index, expression)),
      "}",
    ].join("\n");
    writeFileSync(source, `${lines}\n`);
    const flags = [
      "-w",
      "-std=gnu11",
      "-O0",
      "-fmax-errors=0",
      "-S",
      "-o",
      assembly,
      ...target,
      ...defines(headers),
    ];
    const { status, stderr, error } = spawnSync("gcc", [...flags, ...includes(headers), source], {
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
    if (error) throw error;
    if (status === 0) return answers(readFileSync(assembly, "utf8"), questions);

    const first = lines.split("\n").indexOf("void probe(void) {") + 2;
    const wrong = new Set(
      [...stderr.matchAll(/probe\.c:(\d+):\d+: error/g)].map((match) => Number(match[1]) - first),
    );
    const fewer = questions.filter((_, index) => !wrong.has(index));
    if (fewer.length === questions.length) {
      throw new Error(`Cannot compile the headers of CPython ${headers.version}: ${stderr.slice(0, 2000)}`);
    }
    questions = fewer;
  }
}

/** One line of C that makes the compiler write `@@index value` into its assembly. */
function ask(index: number, expression: string): string {
  return `__asm__ volatile("@@${index} %c0" :: "i"((long long)(${expression})));`;
}

function answers(assembly: string, questions: readonly { readonly probe: Probe }[]): Row {
  const row: Record<string, number> = {};
  for (const [, index, value] of assembly.matchAll(/@@(\d+) (-?\d+)/g)) {
    const key = questions[Number(index)]?.probe.key;
    if (key !== undefined) row[key] ??= Number(value);
  }
  return Object.fromEntries(probes.flatMap(({ key }) => (key in row ? [[key, row[key] ?? 0]] : [])));
}

/**
 * What makes the compiler of a 64-bit machine compile for i386 without the packages for that: the C library's headers
 * serve both, but for one that is empty, and `pyconfig.h`, read first, keeps the guard that keeps the other one out.
 */
function targetI386(work: string, { folders, foreign }: PythonHeaders): readonly string[] {
  mkdirSync(join(work, "gnu"));
  writeFileSync(join(work, "gnu/stubs-32.h"), "");
  const flags = ["-m32", `-I${work}`, "-idirafter", "/usr/include/x86_64-linux-gnu"];
  if (!foreign) return flags;
  // Where the one of Debian, which only chooses between architectures, includes it from.
  const configuration = join(work, "i386-linux-gnu", basename(folders[0] ?? ""), "pyconfig.h");
  const sizes = /(SIZEOF_(?:LONG|VOID_P|SIZE_T|PTHREAD_T|UINTPTR_T|TIME_T)|ALIGNOF_(?:LONG|SIZE_T)) 8\b/g;
  mkdirSync(dirname(configuration), { recursive: true });
  writeFileSync(configuration, pyconfig(folders).replace(sizes, "$1 4"));
  return [...flags, "-include", configuration];
}

/** The configuration of the build, which Debian keeps in a folder of the architecture. */
function pyconfig([folder = ""]: readonly string[]): string {
  const places = [join(folder, "..", "x86_64-linux-gnu", basename(folder)), folder];
  const path = places.map((place) => join(place, "pyconfig.h")).find(existsSync) ?? "";
  return readFileSync(path, "utf8");
}

function defines({ freeThreaded }: PythonHeaders): readonly string[] {
  return ["-DPy_BUILD_CORE=1", ...(freeThreaded ? ["-DPy_GIL_DISABLED=1"] : [])];
}

function includes({ folders }: PythonHeaders): readonly string[] {
  return folders.map((folder) => `-I${folder}`);
}

/** Every header that some version needs, where this one has it. */
function preamble({ version }: PythonHeaders): string {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const known = [
    ["2.3", "compile.h"], // PyCodeObject up to 2.4
    ["2.3", "frameobject.h"],
    ["3.3", "longintrepr.h"],
    ["3.7", "internal/pystate.h"], // what 3.8 calls pycore_pystate.h
    ["3.8", "internal/pycore_pystate.h"],
    ["3.8", "internal/pycore_gil.h"],
    ["3.8", "internal/pycore_code.h"],
    ["3.8", "internal/pycore_object.h"],
    ["3.9", "internal/pycore_runtime.h"],
    ["3.9", "internal/pycore_interp.h"],
    ["3.11", "internal/pycore_dict.h"],
    ["3.11", "internal/pycore_frame.h"],
    ["3.12", "internal/pycore_long.h"],
    ["3.13", "internal/pycore_stackref.h"],
    ["3.13", "internal/pycore_tstate.h"],
    ["3.14", "internal/pycore_interpframe.h"],
  ].flatMap(([since = "", header]) => {
    const [sinceMajor = 0, sinceMinor = 0] = since.split(".").map(Number);
    return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor) ? [header] : [];
  });
  return [
    "#include <stddef.h>",
    "#include <stdint.h>",
    "#include <pthread.h>",
    ...(major === 2 && minor < 5 ? ["#define HAVE_LIMITS_H 1"] : []),
    '#include "Python.h"',
    ...known.map((header) => `#if __has_include("${header}")\n#include "${header}"\n#endif`),
    ...(major === 3 && minor >= 3 && minor <= 6 ? [privateDictKeys(minor)] : []),
  ].join("\n");
}

/** `Objects/dictobject.c` keeps these to itself up to 3.6; later a header has them. */
function privateDictKeys(minor: number): string {
  const tail =
    minor < 6
      ? "PyDictKeyEntry dk_entries[1];"
      : "Py_ssize_t dk_nentries; union { int8_t as_1[8]; int64_t as_8[1]; } dk_indices;";
  return `typedef struct { Py_hash_t me_hash; PyObject *me_key; PyObject *me_value; } PyDictKeyEntry;
struct _dictkeysobject {
  Py_ssize_t dk_refcnt; Py_ssize_t dk_size; void *dk_lookup; Py_ssize_t dk_usable; ${tail}
};`;
}
