import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ROOT, StackTrie } from "../../src/intern/stack-trie.js";

/** Calls in the order in which a sampler meets them: each from the root or from a stack that was met before. */
const calls = fc.array(fc.record({ from: fc.nat(), frame: fc.nat({ max: 40 }) }), { maxLength: 300 });

describe("a trie of stacks", () => {
  it("has one node for each pair of parent and frame, and one pair for each node", () => {
    fc.assert(
      fc.property(calls, (sequence) => {
        const trie = new StackTrie();
        const model = new Map<string, number>();
        for (const { from, frame } of sequence) {
          const parent = (from % (trie.size + 1)) - 1;
          const key = `${parent} ${frame}`;
          const expected = model.get(key) ?? model.size;
          model.set(key, expected);
          if (trie.node(parent, frame) !== expected || trie.size !== model.size) return false;
        }
        return [...model].every(([key, node]) => key === `${trie.parentOf(node)} ${trie.frameOf(node)}`);
      }),
    );
  });

  it("keeps every node where it was while it grows to many times its first size", () => {
    const trie = new StackTrie();
    const frameOf = (node: number) => (node * 7919) % 5003;
    const parentOf = (node: number) => (node % 3 === 0 ? ROOT : node - 1 - (node % 7 === 0 ? 1 : 0));
    const met = new Map<string, number>();
    const nodes: number[] = [];
    for (let index = 0; index < 100_000; index++) {
      const parent = parentOf(index) < 0 ? ROOT : (nodes[parentOf(index)] ?? ROOT);
      const node = trie.node(parent, frameOf(index));
      const key = `${parent} ${frameOf(index)}`;
      if (met.has(key)) expect(node).toBe(met.get(key));
      met.set(key, node);
      nodes.push(node);
    }
    expect(trie.size).toBe(met.size);
    expect(trie.size).toBeGreaterThan(20_000);
    for (const [key, node] of met) {
      const [parent, frame] = key.split(" ").map(Number);
      expect([trie.node(parent ?? ROOT, frame ?? 0), trie.parentOf(node), trie.frameOf(node)]).toEqual([
        node,
        parent,
        frame,
      ]);
    }
    expect(trie.size).toBe(met.size);
  });

  it("tells a recursion's depths apart", () => {
    const trie = new StackTrie();
    let node = ROOT;
    for (let depth = 0; depth < 20_000; depth++) node = trie.node(node, 5);
    expect([node, trie.size]).toEqual([19_999, 20_000]);
  });
});
