import { describe, expect, test } from "vitest";
import { formatVersion, implementationIn, parsePyVersionHex, parseVersionText } from "../src/index.js";

describe("a version number", () => {
  test.each([
    [0x030d00f0, "3.13.0"],
    [0x030f00b4, "3.15.0b4"],
    [0x030e00a1, "3.14.0a1"],
    [0x030c00c2, "3.12.0rc2"],
    [0x02071200, "2.7.18"],
    [0x030dfff0, "3.13.255"],
  ])("0x%s is %s", (hex, text) => {
    expect(formatVersion(parsePyVersionHex(hex))).toBe(text);
  });
});

describe("the text of Py_GetVersion", () => {
  test.each([
    ["2.7.10 (default, Oct  6 2017, 22:29:07)", "2.7.10"],
    ["3.6.3 |Anaconda custom (64-bit)| (default, Oct 13 2017)", "3.6.3"],
    ["Python 3.7.0rc1 (v3.7.0rc1:dfad352267, Jul 20 2018)", "3.7.0rc1"],
    ["Python 3.10.0rc1 (tags/v3.10.0rc1, Aug 28 2021)", "3.10.0rc1"],
    ["3.15.0b4 (main, Jul  1 2026)", "3.15.0b4"],
    ["3.13.0 experimental free-threading build (main, Oct  7 2024)", "3.13.0"],
    ["3.14.2 free-threading build (main, Dec  5 2025)", "3.14.2"],
    ["2.7.15+ (default, Jul  9 2019)", "2.7.15"],
    ["2.7.10+dcba (default)", "2.7.10"],
    ["2.7.10+5-4.abcd (default)", "2.7.10"],
    ["2.7 (r27:82500, Jul 28 2010)", "2.7.0"],
    ["2.6rc1 (r26rc1:66438, Sep 13 2008)", "2.6.0rc1"],
    ["2.7.9rc1 (default)", "2.7.9rc1"],
    ["2.5.2c1 (r252c1)", "2.5.2rc1"],
    ["\0\0garbage\0\x033.8.18 (default, Nov 22 2025)\0\0", "3.8.18"],
  ])("%j says %s", (text, version) => {
    const parsed = parseVersionText(text);
    expect(parsed && formatVersion(parsed)).toBe(version);
  });

  test.each([
    "1.7.0rc1 (v1.7.0rc1:dfad352267, Jul 20 2018)",
    "3.7 10 ",
    "3.7.10fooboo ",
    "3.7.10fooboo (default)",
    "3.8 (default)",
    "13.8.1 (default)",
    "x3.8.1 (default)",
    "",
  ])("%j is none", (text) => {
    expect(parseVersionText(text)).toBeUndefined();
  });
});

test.each([
  ["3.9.18 (7.3.15, Jan 14 2024)\n[PyPy 7.3.15 with GCC 13.2.0]", "PyPy 7.3.15"],
  ["3.8.12 (a00b050, Sep 23 2022) [Pyston 2.3.5, GCC 9.4.0]", "Pyston 2.3.5"],
  ["3.8.5+cinder (default, Jan 1 2021)", "Cinder"],
  ["3.8.18 (default, Nov 22 2025)\n[GCC 12.2.0]", undefined],
])("%j is of %s", (text, implementation) => {
  expect(implementationIn(text)).toBe(implementation);
});
