import type { PythonVersion } from "@pyspy/cpython-layouts";

/** Where `collections.deque` keeps its items: words behind the object's header, and words of a block. */
export interface DequeLayout {
  readonly length: number;
  readonly leftBlock: number;
  /** Of the first item in the first block. */
  readonly leftIndex: number;
  /** -1 if it has none. */
  readonly maximum: number;
  /** Where in a block its items start. */
  readonly items: number;
  readonly blockItems: number;
  /** Where a block has the address of the next one. */
  readonly next: number;
}

/** Undefined for versions whose deques were never looked at: up to 2.6, and 3.3 and 3.4. */
export function dequeLayoutOf({ major, minor }: PythonVersion): DequeLayout | undefined {
  if (major === 2) return minor === 7 ? deque2 : undefined;
  return minor >= 5 ? deque3 : undefined;
}

const deque2: DequeLayout = {
  length: 4,
  leftBlock: 0,
  leftIndex: 2,
  maximum: 6,
  items: 0,
  blockItems: 62,
  next: 62,
};

const deque3: DequeLayout = {
  length: 0,
  leftBlock: 1,
  leftIndex: 3,
  maximum: 6,
  items: 1,
  blockItems: 64,
  next: 65,
};
