import { expect, test } from "vitest";
import { callsPerSample, parseStraceSummary } from "./strace-summary.js";

const summary = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ------------------
 80.30    2.913044        2498      1166       217 futex
  0.31    0.011353          19       568           process_vm_readv
  0.00    0.000000           0         1           set_tid_address
------ ----------- ----------- --------- --------- ------------------
100.00    3.627834         823      4403       312 total
`;

test("calls are counted by name, with errors or without", () => {
  expect([...parseStraceSummary(summary)]).toEqual([
    ["futex", 1166],
    ["process_vm_readv", 568],
    ["set_tid_address", 1],
  ]);
});

test("what both runs did is no part of a sample", () => {
  const shorter = new Map([
    ["openat", 50],
    ["process_vm_readv", 300],
  ]);
  const longer = new Map([
    ["openat", 50],
    ["futex", 100],
    ["process_vm_readv", 700],
  ]);
  expect(callsPerSample(longer, shorter, 200)).toEqual([
    ["process_vm_readv", 2],
    ["futex", 0.5],
    ["openat", 0],
  ]);
});
