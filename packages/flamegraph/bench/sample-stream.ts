import type { SampleBatch } from "../src/index.js";

/**
 * Batches as a sampler would send them of a busy server: all threads at each point of a Poisson schedule. Below twenty frames of
 * a framework, stacks are a walk over a tree of calls: most samples are in the stack of the one before or near it.
 */
export function* sampleStream(samples: number, threads = 8, rate = 1000): Generator<SampleBatch> {
  const random = randomNumbers(7);
  const functionCount = 400;
  const nodeCount = 20_000;
  const parent = new Int32Array(nodeCount);
  const frame = new Int32Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    parent[node] = node <= TRUNK ? node - 1 : Math.floor((node - TRUNK - 1) / BRANCHES) + TRUNK;
    frame[node] = Math.floor(random() * functionCount * 4);
  }
  const zeros = new Int32Array(functionCount * 4);
  const none = new Int32Array(0);
  const nothing = { functions: [], processes: [], threads: [], nodes: { parent: none, frame: none } };
  const noFrames = { function: none, line: none, column: none, endLine: none, endColumn: none };
  yield {
    functions: Array.from({ length: functionCount }, (_, index) => ({
      name: `function_${index}`,
      qualname: `Class${index % 40}.function_${index}`,
      file: `/srv/application/package_${index % 20}/module_${index % 60}.py`,
      module: `package_${index % 20}.module_${index % 60}`,
      firstLine: 10 + index,
      kind: "python",
    })),
    frames: {
      function: zeros.map((_, index) => index >> 2),
      line: zeros.map((_, index) => 10 + index),
      column: zeros.map((_, index) => 1 + (index % 30)),
      endLine: zeros.map((_, index) => 10 + index),
      endColumn: zeros.map((_, index) => 9 + (index % 40)),
    },
    nodes: { parent, frame },
    processes: [{ pid: 40, startTime: 1, commandLine: ["python3", "app.py"], parent: -1 }],
    threads: Array.from({ length: threads }, (_, index) => ({
      process: 0,
      tid: 41 + index,
      pythonId: 0x7f00_0000_0000 + index * 4096,
      name: `Thread-${index}`,
      interpreter: 0,
    })),
    samples: samplesOf(0),
    counters: countersOf(0),
    reset: true,
  };
  let now = 0;
  const nodes = new Int32Array(threads).fill(TRUNK);
  const size = Math.round((rate * threads) / 4);
  for (let done = 0; done < samples; ) {
    const rows = Math.min(size, samples - done);
    const columns = samplesOf(rows);
    for (let row = 0; row < rows; row++) {
      const thread = (done + row) % threads;
      if (thread === 0) now += (-Math.log(1 - random()) * 1e9) / rate;
      if (random() < 0.5) nodes[thread] = stepFrom(nodes[thread] ?? TRUNK, parent, random);
      columns.time[row] = Math.round(now);
      columns.thread[row] = thread;
      columns.node[row] = nodes[thread] ?? 0;
      columns.state[row] = thread === 0 ? 3 : 1;
    }
    done += rows;
    yield { ...nothing, frames: noFrames, samples: columns, counters: countersOf(rows) };
  }
}

const TRUNK = 20;
const BRANCHES = 3;

/** Returns from a call, makes one, or does one after the other. */
function stepFrom(node: number, parent: Int32Array, random: () => number): number {
  const at = random() < 0.5 ? Math.max(TRUNK, parent[node] ?? TRUNK) : node;
  const callee = (at - TRUNK) * BRANCHES + TRUNK + 1 + Math.floor(random() * BRANCHES);
  return random() < 0.5 && callee < parent.length ? callee : at;
}

function samplesOf(rows: number) {
  return {
    time: new Float64Array(rows),
    thread: new Int32Array(rows),
    node: new Int32Array(rows),
    state: new Uint8Array(rows),
    cpu: new Float64Array(rows).fill(-1),
  };
}

function countersOf(rows: number) {
  return { scheduled: rows, taken: rows, missed: 0, attempted: rows, good: rows, torn: 0, unreadable: 0 };
}

/** The same numbers in every run (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
