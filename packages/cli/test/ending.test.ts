import { describe, expect, test } from "vitest";
import { endingOf } from "../src/ending.js";
import { supportsNode } from "../src/node-version.js";

describe("pyspy's own ending", () => {
  test.each([0, 1, 2, 255])("is the program's code %i", (code) => {
    expect(endingOf({ code, signal: undefined, signalNumber: undefined })).toEqual({ code });
  });

  test.each([
    ["SIGHUP", 1],
    ["SIGINT", 2],
    ["SIGTERM", 15],
  ])("is the program's %s", (signal, signalNumber) => {
    expect(endingOf({ code: undefined, signal, signalNumber })).toEqual({ signal });
  });

  test.each([
    ["SIGKILL", 9, 137],
    ["SIGSEGV", 11, 139],
    ["SIGUSR1", 10, 138],
    ["SIGRTMIN+3", 37, 165],
  ])("is 128 + n for %s, which it cannot or should not imitate", (signal, signalNumber, code) => {
    expect(endingOf({ code: undefined, signal, signalNumber })).toEqual({ code });
  });
});

test.each([
  ["18.20.8", false],
  ["20.18.3", false],
  ["20.19.0", true],
  ["22.0.0", true],
  ["24.1.0-nightly", true],
])("Node %s is supported: %s", (version, supported) => {
  expect(supportsNode(version)).toBe(supported);
});
