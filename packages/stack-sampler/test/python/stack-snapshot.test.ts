import { ScatterRead } from "@pyspy/proc-memory";
import { describe, expect, it } from "vitest";
import { StackSnapshot, type WalkOutcome } from "../../src/python/stack-snapshot.js";
import { ThreadTrack } from "../../src/python/thread-track.js";
import {
  eras,
  erasWithChunks,
  layoutOf,
  SyntheticPython,
  type SyntheticThread,
} from "../fixtures/synthetic-python.js";

/** One thread that is sampled again and again, as the stack reader does it. */
class Sampled {
  readonly python: SyntheticPython;
  readonly thread: SyntheticThread;
  readonly track: ThreadTrack;
  readonly snapshot: StackSnapshot;
  readonly #plan = new ScatterRead(8, 1024);
  readonly #names = new Map<number, string>();

  constructor(layout = layoutOf(13), chunkSize = 16384) {
    this.python = new SyntheticPython(layout);
    this.thread = this.python.addThread(this.python.addInterpreter(0), { chunkSize });
    this.track = new ThreadTrack(this.thread.address, 1, 0, undefined);
    this.snapshot = new StackSnapshot(this.python.memory, layout);
  }

  code(name: string): number {
    const address = this.python.addCode({ name });
    this.#names.set(address, name);
    return address;
  }

  call(...names: string[]): void {
    this.thread.call(...names.map((name) => this.code(name)));
  }

  /** One read and its walk. */
  walk(): WalkOutcome {
    this.#plan.clear();
    this.snapshot.plan(this.track, this.#plan);
    this.python.memory.readScatter(this.#plan);
    const outcome = this.snapshot.walk(this.track, this.#plan);
    this.track.places.endSample();
    return outcome;
  }

  /** Walks until nothing new is learnt. */
  settle(): WalkOutcome {
    let outcome = this.walk();
    for (let reads = 0; outcome === "learnt" && reads < 10; reads++) outcome = this.walk();
    return outcome;
  }

  /** Does something to the target between the first two copies of the next read. */
  betweenCopies(change: () => void, copies = 2): void {
    this.python.memory.beforeRange = (range, ranges) => {
      if (range !== Math.round(ranges / copies)) return;
      this.python.memory.beforeRange = () => {};
      change();
    };
  }

  /** Names of the functions in the walked stack, the outermost first. */
  get stack(): string[] {
    return [...this.snapshot.codes.subarray(0, this.snapshot.depth)]
      .filter((code) => code !== 0)
      .map((code) => this.#names.get(code) ?? `0x${code.toString(16)}`)
      .reverse();
  }
}

describe.each(eras)("a stack with $era", ({ layout }) => {
  it("is good as soon as it is known where its frames are, and then takes one read", () => {
    const sampled = new Sampled(layout);
    sampled.call("main", "work", "leaf");
    expect(sampled.walk()).toBe("learnt");
    expect(sampled.stack).toEqual(["main", "work", "leaf"]);
    expect(sampled.walk()).toBe("good");
    const before = sampled.python.memory.reads;
    expect(sampled.walk()).toBe("good");
    expect(sampled.python.memory.reads - before).toBe(1);
    expect(sampled.stack).toEqual(["main", "work", "leaf"]);
  });

  it("is empty for a thread that runs no Python", () => {
    const sampled = new Sampled(layout);
    expect([sampled.settle(), sampled.stack]).toEqual(["good", []]);
  });

  it("is followed through calls and returns", () => {
    const sampled = new Sampled(layout);
    sampled.call("main");
    sampled.settle();
    sampled.call("one", "two");
    expect([sampled.settle(), sampled.stack]).toEqual(["good", ["main", "one", "two"]]);
    sampled.thread.leave();
    expect([sampled.settle(), sampled.stack]).toEqual(["good", ["main", "one"]]);
    sampled.thread.leave();
    sampled.thread.leave();
    expect([sampled.settle(), sampled.stack]).toEqual(["good", []]);
  });

  it("is what is left when its innermost function returns between the copies", () => {
    const sampled = new Sampled(layout);
    sampled.call("main", "work", "leaf");
    sampled.settle();
    sampled.betweenCopies(() => sampled.thread.leave());
    expect([sampled.walk(), sampled.stack]).toEqual(["good", ["main", "work"]]);
  });

  it("is what it was when it calls another function between the copies", () => {
    const sampled = new Sampled(layout);
    sampled.call("main");
    sampled.call("work");
    const frame = sampled.thread.frames.at(-1);
    sampled.settle();
    sampled.call("leaf");
    sampled.settle();
    sampled.thread.leave();
    const again = sampled.code("again");
    sampled.betweenCopies(() => sampled.thread.call(again));
    const outcome = sampled.walk();
    // A frame object that is new has not been read ahead.
    expect(outcome).toBe(layout.threadState.datastack_chunk >= 0 ? "good" : "torn");
    if (outcome === "good") expect(sampled.stack).toEqual(["main", "work"]);
    expect(sampled.thread.frames.at(-2)).toBe(frame);
  });

  it("has its innermost function as one copy shows it, when that has let go of its code in the other", () => {
    const sampled = new Sampled(layout);
    sampled.call("main", "work");
    const leaf = sampled.code("leaf");
    sampled.thread.call(leaf);
    sampled.settle();
    sampled.betweenCopies(() => sampled.thread.setCode(2, 0));
    if (layout.frame.executableTag === 0) {
      expect(sampled.walk()).toBe("torn");
      return;
    }
    expect([sampled.walk(), sampled.stack]).toEqual(["good", ["main", "work", "leaf"]]);
    sampled.settle();
    sampled.betweenCopies(() => sampled.thread.setCode(2, leaf));
    expect([sampled.walk(), sampled.stack]).toEqual(["good", ["main", "work", "leaf"]]);
  });

  it("is torn when another function than the innermost lets go of its code between the copies", () => {
    const sampled = new Sampled(layout);
    sampled.call("main", "work", "leaf");
    sampled.settle();
    sampled.betweenCopies(() => sampled.thread.setCode(1, 0));
    expect(sampled.walk()).toBe("torn");
  });

  it("is torn when one function has taken another one's place between the copies", () => {
    const sampled = new Sampled(layout);
    sampled.call("main", "one");
    sampled.settle();
    const other = sampled.code("other");
    sampled.betweenCopies(() => {
      sampled.thread.leave();
      sampled.thread.call(other);
    });
    expect(sampled.walk()).toBe("torn");
    expect([sampled.settle(), sampled.stack]).toEqual(["good", ["main", "other"]]);
  });

  it("is torn when it ends in a frame that the other copy does not lead to", () => {
    const sampled = new Sampled(layout);
    sampled.call("main");
    const [one, two] = [sampled.code("one"), sampled.code("two")];
    const generators = [sampled.thread.resume(one)];
    sampled.settle();
    sampled.thread.leave();
    generators.push(sampled.thread.resume(two));
    sampled.settle();
    sampled.betweenCopies(() => {
      sampled.thread.leave();
      sampled.thread.resume(one, generators[0]);
    });
    expect(sampled.walk()).toBe("torn");
  });

  it("is good when the first copy differs and the later ones agree", () => {
    const sampled = new Sampled(layout);
    sampled.call("main", "work", "leaf");
    sampled.settle();
    sampled.track.places.tear();
    const other = sampled.code("other");
    sampled.betweenCopies(() => sampled.thread.setCode(1, other), 4);
    expect([sampled.walk(), sampled.stack]).toEqual(["good", ["main", "other", "leaf"]]);
  });

  it("is torn when a frame gets another function between the copies", () => {
    const sampled = new Sampled(layout);
    sampled.call("main", "work", "leaf");
    sampled.settle();
    const other = sampled.code("other");
    sampled.betweenCopies(() => sampled.thread.setCode(1, other));
    expect(sampled.walk()).toBe("torn");
    expect([sampled.walk(), sampled.stack]).toEqual(["good", ["main", "other", "leaf"]]);
  });

  it("is torn when a frame gets another caller between the copies", () => {
    const sampled = new Sampled(layout);
    sampled.call("main", "work", "leaf");
    sampled.settle();
    sampled.betweenCopies(() => sampled.thread.setCaller(2, sampled.thread.frames[0] ?? 0));
    expect(sampled.walk()).toBe("torn");
    expect([sampled.walk(), sampled.stack]).toEqual(["good", ["main", "leaf"]]);
  });

  it("is good when only an instruction changes between the copies", () => {
    const sampled = new Sampled(layout);
    sampled.call("main", "leaf");
    sampled.settle();
    sampled.betweenCopies(() => sampled.thread.setInstruction(0x5000, 3));
    expect(sampled.walk()).toBe("good");
  });

  it("has the frames of generators, which are in no chunk", () => {
    const sampled = new Sampled(layout);
    sampled.call("main");
    sampled.thread.resume(sampled.code("generator"));
    sampled.call("leaf");
    expect([sampled.settle(), sampled.stack]).toEqual(["good", ["main", "generator", "leaf"]]);
    expect(sampled.walk()).toBe("good");
  });

  it("is torn when a generator's frame changes between the copies", () => {
    const sampled = new Sampled(layout);
    sampled.call("main");
    sampled.thread.resume(sampled.code("generator"));
    sampled.settle();
    const other = sampled.code("other");
    sampled.betweenCopies(() => sampled.thread.setCode(1, other));
    expect(sampled.walk()).toBe("torn");
  });

  it("leaves out a frame that has let go of its code", () => {
    const sampled = new Sampled(layout);
    sampled.call("main", "gone", "leaf");
    sampled.thread.setCode(1, 0);
    expect([sampled.settle(), sampled.stack]).toEqual(["good", ["main", "leaf"]]);
  });

  it("goes on through C, whose own frames are left out", () => {
    const sampled = new Sampled(layout);
    sampled.call("main");
    sampled.thread.enterFromC();
    sampled.call("callback", "leaf");
    expect([sampled.settle(), sampled.stack]).toEqual(["good", ["main", "callback", "leaf"]]);
  });

  it("ends, torn, when its frames form a circle", () => {
    const sampled = new Sampled(layout);
    sampled.call("main", "work");
    sampled.settle();
    sampled.thread.setCaller(0, sampled.thread.frames[1] ?? 0);
    expect(sampled.walk()).toBe("torn");
  });

  it("is unreadable when a frame is nowhere", () => {
    const sampled = new Sampled(layout);
    sampled.call("main", "work");
    sampled.settle();
    sampled.thread.setCaller(0, 0x10);
    expect(sampled.walk()).toBe("unreadable");
  });

  it("is unreadable when the thread state is gone, and is found again when it is back", () => {
    const sampled = new Sampled(layout);
    sampled.call("main", "work");
    sampled.settle();
    sampled.track.places.chunks.length = 0;
    const { memory } = sampled.python;
    const fields = layout.threadState.size;
    const copy = new Uint8Array(fields);
    memory.readInto(sampled.thread.address, copy);
    memory.unmap(sampled.thread.address, fields);
    expect(sampled.walk()).toBe("unreadable");
    memory.map(sampled.thread.address, fields);
    memory.write(sampled.thread.address, copy);
    expect([sampled.settle(), sampled.stack]).toEqual(["good", ["main", "work"]]);
  });

  it("learns anew where its frames are when one of the places is gone", () => {
    const sampled = new Sampled(layout);
    sampled.call("main");
    const generator = sampled.thread.resume(sampled.code("generator"));
    sampled.settle();
    sampled.thread.leave();
    sampled.python.memory.unmap(generator, 64);
    sampled.call("leaf");
    expect(sampled.walk()).toBe("learnt");
    expect([sampled.walk(), sampled.stack]).toEqual(["good", ["main", "leaf"]]);
  });

  it("forgets the frames that it has not met for long", () => {
    const sampled = new Sampled(layout);
    sampled.call("main");
    sampled.thread.resume(sampled.code("generator"));
    sampled.settle();
    const places = sampled.track.places.strays.size;
    sampled.thread.leave();
    for (let sample = 0; sample < 20; sample++) sampled.walk();
    expect(sampled.track.places.strays.size).toBe(places - 1);
  });

  it("can be of any depth", () => {
    const sampled = new Sampled(layout);
    sampled.call("main");
    const code = sampled.code("recurse");
    sampled.thread.call(...new Array<number>(900).fill(code));
    expect([sampled.settle(), sampled.snapshot.depth]).toEqual(["good", 901]);
    expect(sampled.stack.slice(0, 2)).toEqual(["main", "recurse"]);
  });
});

describe.each(erasWithChunks)("chunks of a stack with $era", ({ layout }) => {
  it("are followed when they grow and shrink", () => {
    const sampled = new Sampled(layout, 128 * layout.pointerSize);
    sampled.call("main");
    sampled.settle();
    const names = Array.from({ length: 40 }, (_, index) => `f${index}`);
    sampled.call(...names);
    expect([sampled.settle(), sampled.stack]).toEqual(["good", ["main", ...names]]);
    expect(sampled.track.places.chunks.length).toBeGreaterThan(3);
    // All frames are in chunks: only the cframe, if there is one, is elsewhere.
    expect(sampled.track.places.strays.size).toBe(layout.threadState.cframe >= 0 ? 1 : 0);
    for (const _ of names.slice(5)) sampled.thread.leave();
    expect([sampled.settle(), sampled.stack]).toEqual(["good", ["main", ...names.slice(0, 5)]]);
  });

  it("are read a little beyond what is used, so that one more call is seen at once", () => {
    const sampled = new Sampled(layout);
    sampled.call("main");
    sampled.settle();
    sampled.call("leaf");
    expect([sampled.walk(), sampled.stack]).toEqual(["good", ["main", "leaf"]]);
  });

  it("are not believed when their list is damaged", () => {
    const sampled = new Sampled(layout);
    sampled.call("main", "leaf");
    const chunk = sampled.python.word(sampled.thread.address + layout.threadState.datastack_chunk);
    sampled.python.memory.writeWord(chunk + layout.dataStackChunk.size, 2 ** 40);
    sampled.walk();
    expect(sampled.track.places.chunks).toEqual([]);
    expect(sampled.stack).toEqual(["main", "leaf"]);
  });

  it("that end within a frame, by what they say, do not keep the stack from being learnt", () => {
    const sampled = new Sampled(layout, 128 * layout.pointerSize);
    sampled.call("main", ...new Array<string>(20).fill("leaf"));
    const { previous, top } = layout.dataStackChunk;
    const newest = sampled.python.word(sampled.thread.address + layout.threadState.datastack_chunk);
    const older = sampled.python.word(newest + previous);
    // In the middle of the last frame's fields.
    sampled.python.memory.writeWord(older + top, sampled.python.word(older + top) - 3);
    expect([sampled.settle(), sampled.snapshot.depth]).toEqual(["good", 21]);
  });

  it("end when their list is a circle", () => {
    const sampled = new Sampled(layout);
    sampled.call("main", "leaf");
    const chunk = sampled.python.word(sampled.thread.address + layout.threadState.datastack_chunk);
    sampled.python.memory.writeWord(chunk + layout.dataStackChunk.previous, chunk);
    sampled.walk();
    expect(sampled.stack).toEqual(["main", "leaf"]);
  });
});

describe.each(erasWithChunks)("an activation of the eval loop with $era", ({ layout }) => {
  it("that is new is not believed before it has been read twice", () => {
    const sampled = new Sampled(layout);
    sampled.call("main");
    sampled.settle();
    sampled.thread.enterFromC();
    sampled.call("callback");
    expect(sampled.walk()).toBe("learnt");
    expect([sampled.walk(), sampled.stack]).toEqual(["good", ["main", "callback"]]);
  });
});

it("a frame where something shorter was met before is read whole", () => {
  const sampled = new Sampled(layoutOf(12));
  sampled.call("main");
  sampled.settle();
  sampled.thread.enterFromC();
  sampled.call("leaf");
  sampled.settle();
  const leaf = sampled.thread.frames[1] ?? 0;
  sampled.track.places.chunks.length = 0;
  sampled.track.places.meet(leaf, 16);
  expect([sampled.walk(), sampled.stack]).toEqual(["learnt", ["main", "leaf"]]);
  expect([sampled.walk(), sampled.stack]).toEqual(["good", ["main", "leaf"]]);
});
