import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCpuTicks, parseStat, parseState } from "../../../src/platform/linux/process-stat.js";

function line(name: string | Buffer, state = "S"): Buffer {
  const rest = ` ${state} 41 7 8 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 200 18446744073709551615\n`;
  return Buffer.concat([Buffer.from("42 ("), Buffer.from(name), Buffer.from(`)${rest}`)]);
}

describe("parseStat", () => {
  it.each([
    ["a plain name", "python3"],
    ["parentheses and spaces", "a) R 1 (b"],
    ["a newline", "a\nb"],
    ["bytes that are no UTF-8", Buffer.of(0xff, 0x29, 0x80)],
    ["nothing", ""],
  ])("is not misled by a name of %s", (_, name) => {
    const bytes = line(name);
    expect(parseStat(bytes, bytes.length)).toEqual({
      state: "sleeping",
      parent: 41,
      group: 7,
      session: 8,
      startTime: 987654,
      exitStatus: undefined,
    });
  });

  it.each([
    ["a zombie", "Z", 4194304, 768, { state: "exited", exitStatus: { code: 3 } }],
    ["a zombie that a signal ended", "Z", 4194304, 9, { state: "exited", exitStatus: { signal: "SIGKILL" } }],
    ["a zombie of somebody else, or of code 0", "Z", 4194304, 0, { state: "exited", exitStatus: undefined }],
    ["a process that has begun to exit", "R", 4194308, 256, { state: "exited", exitStatus: { code: 1 } }],
    ["a process that runs", "R", 4194304, 0, { state: "running", exitStatus: undefined }],
  ])("tells how %s has ended", (_, state, flags, status, expected) => {
    const fields = ["41 7 7 0 -1", flags, ...new Array(42).fill(18446744073709551615n), status].join(" ");
    const bytes = Buffer.from(`42 (x) ${state} ${fields}\n`);
    expect(parseStat(bytes, bytes.length)).toMatchObject(expected);
  });

  it.each([
    ["R", "running"],
    ["S", "sleeping"],
    ["D", "disk-wait"],
    ["I", "sleeping"],
    ["T", "stopped"],
    ["t", "traced"],
    ["Z", "exited"],
    ["X", "exited"],
  ])("reads state %s as %s", (letter, state) => {
    const bytes = line("x", letter);
    expect(parseState(bytes, bytes.length)).toBe(state);
  });

  it("looks only at the given length of a buffer that is used again", () => {
    const bytes = Buffer.concat([line("x"), Buffer.from(") Z")]);
    expect(parseState(bytes, line("x").length)).toBe("sleeping");
  });

  it("gives a value or nothing for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const stat = parseStat(Buffer.from(bytes), bytes.length);
        if (stat !== undefined) expect(Number.isFinite(stat.startTime)).toBe(true);
      }),
    );
  });
});

describe("parseCpuTicks", () => {
  it("adds user and system time, whatever the name", () => {
    for (const name of ["python3", "a) R 1 2 3 (b", ""]) {
      const bytes = line(name);
      expect(parseCpuTicks(bytes, bytes.length)).toBe(5 + 6);
    }
  });

  it("tells nothing of a line that ends before", () => {
    const bytes = line("x");
    const end = bytes.indexOf(" 6 7 8") + 2;
    for (let length = 0; length < end; length++) expect(parseCpuTicks(bytes, length)).toBeUndefined();
    expect(parseCpuTicks(bytes, end + 1)).toBe(11);
  });
});
