import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LaunchOptions, SamplerError, type SamplerOptions } from "@pyspy/stack-sampler";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { record } from "../../src/commands/record.js";
import { RecordingControl } from "../../src/record/recording-control.js";
import type { Surroundings } from "../../src/record/surroundings.js";
import type { RecordCommand } from "../../src/record-arguments.js";
import type { AskingSignal, ControlSignal } from "../../src/signals.js";
import { createStyle } from "../../src/terminal/style.js";
import { Terminal } from "../../src/terminal/terminal.js";
import { FakeSampler, python } from "../fake-sampler.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pyspy-record-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** A world with one sampler in it. Signals are sent by calling `send`. */
class World {
  text = "";
  readonly reported: unknown[] = [];
  readonly asked: unknown[] = [];
  readonly left: unknown[] = [];
  readonly surroundings: Surroundings;
  captured = "";
  #listener: ((signal: AskingSignal) => void) | undefined;

  constructor(sampler: FakeSampler, changes: Partial<Surroundings> = {}) {
    const remember = (what: unknown, options: SamplerOptions | undefined): FakeSampler => {
      this.asked.push(what, options);
      return sampler;
    };
    const terminal = new Terminal({
      write: (text) => {
        this.text += text;
      },
      style: createStyle(false),
      interactive: false,
      columns: () => 80,
    });
    this.surroundings = {
      samplers: {
        attach: async (pid, options) => remember(pid, options),
        attachAll: async (pids, options) => remember(pids, options),
        launch: async (words, options) => remember(words, options),
      },
      terminal,
      control: new RecordingControl(terminal),
      findPythons: async (match) =>
        [1234, 77].filter((pid) => match.some((pattern) => pattern.test(String(pid)))),
      onAskingSignal: (listener) => {
        this.#listener = listener;
        return {
          [Symbol.dispose]: () => {
            this.#listener = undefined;
          },
        };
      },
      callingUser: undefined,
      showCaptured: (bytes) => {
        this.captured += Buffer.from(bytes).toString();
      },
      hasControllingTerminal: false,
      sharesScreen: false,
      report: async (error) => {
        this.reported.push(error);
      },
      leave: (ending) => {
        this.left.push(ending);
      },
      ...changes,
    };
  }

  get isListening(): boolean {
    return this.#listener !== undefined;
  }

  control(signal: ControlSignal): void {
    this.surroundings.control.hear(signal);
  }

  send(signal: AskingSignal): void {
    this.#listener?.(signal);
  }
}

function recordCommand(target: RecordCommand["target"], changes: Partial<RecordCommand> = {}): RecordCommand {
  return {
    name: "record",
    target,
    output: join(folder, "out.txt"),
    subprocesses: false,
    format: "raw",
    lines: "line",
    fullFileNames: false,
    threads: false,
    processes: false,
    top: 20,
    duration: undefined,
    delay: 0,
    rate: 100,
    idle: false,
    gil: false,
    mainThread: false,
    tasks: false,
    rss: false,
    include: undefined,
    exclude: undefined,
    blocking: false,
    rotation: undefined,
    afterwards: "wait",
    strict: false,
    capture: false,
    hideProgress: false,
    debug: false,
    ...changes,
  };
}

const attached = { kind: "processes", pids: [1234], match: undefined } as const;
const launched = { kind: "program", words: ["python3", "app.py"] } as const;
const output = (): string => readFileSync(join(folder, "out.txt"), "utf8");
const exited = (code: number) => ({ code });

describe("a profile that nobody named", () => {
  const home = process.cwd();

  beforeEach(() => {
    process.chdir(folder);
    vi.useFakeTimers({ now: new Date(2026, 0, 2, 3, 4, 5), toFake: ["Date"] });
  });

  afterEach(() => {
    vi.useRealTimers();
    process.chdir(home);
  });

  test.each(["raw", "pyspy"] as const)(
    "does not replace that of another recording of the same second, as %s",
    async (format) => {
      const samplers = [1, 2].map((count) => new FakeSampler({ python }).take(count));
      const worlds = samplers.map((sampler) => new World(sampler));
      const endings = worlds.map((world) =>
        record(recordCommand(attached, { output: undefined, format }), world.surroundings),
      );
      await until(() => worlds.every(({ text }) => text.includes("Sampling")));
      for (const sampler of samplers) sampler.finish();
      await Promise.all(endings);
      const extension = format === "raw" ? "txt" : format;
      const stem = "process-1234-2026-01-02T030405";
      expect(readdirSync(".").sort()).toEqual([`${stem}-2.${extension}`, `${stem}.${extension}`]);
      expect(worlds.map(({ text }) => /Wrote (\S+): (\d)/.exec(text)?.slice(1))).toEqual([
        [`${stem}.${extension}`, "1"],
        [`${stem}-2.${extension}`, "2"],
      ]);
    },
  );

  test("has its name only when it is written, so that nothing empty is left of one who is killed", async () => {
    const sampler = new FakeSampler({ python }).take(1);
    const world = new World(sampler);
    const ending = record(recordCommand(attached, { output: undefined }), world.surroundings);
    await until(() => world.text.includes("Sampling"));
    expect(readdirSync(".")).toEqual([]);
    sampler.finish();
    await ending;
    expect(readdirSync(".")).toEqual(["process-1234-2026-01-02T030405.txt"]);
  });

  test("leaves nothing behind if there is none", async () => {
    const world = new World(new FakeSampler({ python }));
    const error = new SamplerError("not-python", "Process 1234 (sleep) does not run Python");
    const samplers = { ...world.surroundings.samplers, attach: () => Promise.reject(error) };
    const command = recordCommand(attached, { output: undefined });
    await expect(record(command, { ...world.surroundings, samplers })).rejects.toBe(error);
    expect(readdirSync(".")).toEqual([]);
  });
});

describe("the format of a profile", () => {
  test.each([
    ["today.pyspy", undefined, /^\xa5pyspy/],
    ["today.speedscope.JSON", undefined, /^\{"\$schema"/],
    ["today.txt", undefined, /^work \(app.py:4\) 1\n$/],
    ["today.pyspy", "raw", /^work \(app.py:4\) 1\n$/],
    ["today.profile", undefined, /^<svg|^<\?xml/],
  ] as const)("is for %s and --format %s as expected", async (name, format, start) => {
    const world = new World(new FakeSampler({ python }).take(1).finish());
    const path = join(folder, name);
    await record(recordCommand(attached, { output: path, format }), world.surroundings);
    expect(readFileSync(path, "latin1")).toMatch(start);
  });

  test.each(["pyspy", "jsonl", "chrometrace"] as const)("%s has a place for memory", async (format) => {
    const world = new World(new FakeSampler({ python }).take(1).finish());
    expect(await record(recordCommand(attached, { rss: true, format }), world.surroundings)).toEqual(
      exited(0),
    );
  });

  test.each([attached, launched])(
    "without a place for memory is refused before anything runs",
    async (target) => {
      const world = new World(new FakeSampler({ python }));
      const command = recordCommand(target, { rss: true, format: undefined, output: undefined });
      await expect(record(command, world.surroundings)).rejects.toMatchObject({
        code: "usage",
        message:
          "The format flamegraph has no place for --rss; those that have are pyspy, jsonl, chrometrace",
      });
      expect(world.asked).toEqual([]);
    },
  );
});

describe("a running process", () => {
  test("is sampled until it ends, and its profile is written", async () => {
    const world = new World(new FakeSampler({ python }).take(3).take(2).finish());
    expect(await record(recordCommand(attached), world.surroundings)).toEqual(exited(0));
    expect(output()).toBe("work (app.py:4) 5\n");
    expect(world.asked).toEqual([1234, { rate: 100, idle: false, blocking: false }]);
    expect(world.text).toBe(
      "pyspy: Sampling 100 times a second until it ends (Ctrl-C to stop): process 1234 (Python 3.11.7)\n" +
        `pyspy: Wrote ${join(folder, "out.txt")}: 5 samples in 2.0 s at 2.5/s, 0 errors\n`,
    );
  });

  test("is told what sampling took, and what was done less often", async () => {
    const statistics = {
      samples: 5,
      rate: 2.5,
      duration: { p50: 45_000, p99: 90_000, max: 90_000 },
      systemCalls: 3,
      bytes: 5600,
      turns: 2,
      stops: undefined,
      isStopBudgetExceeded: false,
      unstopped: { refused: 0, late: 0 },
    };
    const world = new World(new FakeSampler({ python }).take(5).finish({ statistics }));
    await record(recordCommand(attached), world.surroundings);
    expect(world.text).toContain("A sample took 45 µs (99 %: 90 µs), 3.0 system calls and 5.6 KB\n");
    expect(world.text).toContain("looked at once in 2 samples\npyspy: Wrote ");
  });

  test("is sampled as the options say", async () => {
    const world = new World(new FakeSampler({ python }).take(1).finish({ reason: "duration" }));
    const command = recordCommand(attached, {
      rate: 7,
      duration: 2,
      idle: true,
      blocking: true,
      format: "flamegraph",
    });
    await record(command, world.surroundings);
    expect(world.asked).toEqual([1234, { rate: 7, idle: true, blocking: true, duration: 2 }]);
    expect(output()).toContain("<title>python3 app.py (process 1234)</title>");
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "is left at the first %s with what there is",
    async (signal) => {
      const sampler = new FakeSampler({ python, onStop: (it) => it.finish({ reason: "stopped" }) }).take(3);
      const world = new World(sampler);
      const ending = record(recordCommand(attached), world.surroundings);
      await until(() => world.isListening);
      world.send(signal);
      expect(await ending).toEqual(exited(0));
      expect(sampler.orders).toEqual(["stop", "dispose"]);
      expect(output()).toBe("work (app.py:4) 3\n");
    },
  );

  test("is left without a profile at the second signal", async () => {
    const sampler = new FakeSampler({ python });
    const world = new World(sampler);
    const ending = record(recordCommand(attached), world.surroundings);
    await until(() => world.isListening);
    world.send("SIGINT");
    world.send("SIGTERM");
    expect(world.left).toEqual([{ signal: "SIGTERM" }]);
    sampler.finish();
    await ending;
  });

  test("that cannot be sampled leaves no file and does not swallow signals", async () => {
    const world = new World(new FakeSampler({ python }));
    const error = new SamplerError("not-python", "Process 1234 (sleep) does not run Python");
    const samplers = { ...world.surroundings.samplers, attach: () => Promise.reject(error) };
    await expect(record(recordCommand(attached), { ...world.surroundings, samplers })).rejects.toBe(error);
    expect(readdirSync(folder)).toEqual([]);
    expect(world.isListening).toBe(false);
  });

  test("that becomes unreadable leaves a profile of what was read before, and a failure", async () => {
    const problem = new SamplerError("permission-denied", "Cannot read process 1234: permission denied");
    const world = new World(new FakeSampler({ python }).take(4).finish({ reason: "failed", problem }));
    expect(await record(recordCommand(attached), world.surroundings)).toEqual(exited(1));
    expect(output()).toBe("work (app.py:4) 4\n");
    expect(world.reported).toEqual([problem]);
  });

  test("that only waited leaves an empty profile and an explanation", async () => {
    const world = new World(new FakeSampler({ python }).take(0, { taken: 497 }).finish());
    expect(await record(recordCommand(attached), world.surroundings)).toEqual(exited(0));
    expect(output()).toBe("");
    expect(world.text).toMatch(/Nothing to show: every thread was idle in all 497 samples; .*\n.*Wrote/);
  });

  test.each([
    ["a function", { include: [/^work$/] }, 3],
    ["no function", { include: [/^play$/] }, 0],
    ["all but a file", { exclude: [/app\.py/] }, 0],
    ["the main thread", { mainThread: true }, 3],
    ["what holds the GIL", { gil: true }, 0],
  ])("is recorded with %s only", async (_, filters, samples) => {
    const world = new World(new FakeSampler({ python }).take(3).finish());
    expect(await record(recordCommand(attached, filters), world.surroundings)).toEqual(exited(0));
    expect(output()).toBe(samples === 0 ? "" : "work (app.py:4) 3\n");
    const nothing = `Nothing to show: none of 3 samples is left by --${Object.keys(filters)[0]?.replace(/T/, "-t")}`;
    expect(world.text.includes(nothing)).toBe(samples === 0);
  });

  test("is shown as the options say", async () => {
    const world = new World(new FakeSampler({ python }).take(3).finish());
    const shown = { lines: "function", threads: true, processes: true, fullFileNames: true } as const;
    await record(recordCommand(attached, shown), world.surroundings);
    expect(output()).toBe('process 1234:"python3 app.py";thread (1234): MainThread;work (/app.py:3) 3\n');
  });

  test.each([
    [{ pids: [5, 6], match: undefined }, {}, [5, 6], {}],
    [{ pids: [5], match: undefined }, { rss: true, format: "jsonl" as const }, 5, { resident: true }],
    [{ pids: [5], match: undefined }, { subprocesses: true }, [5], { subprocesses: true }],
    [{ pids: [5], match: [/7/] }, {}, [5, 77], {}],
    [{ pids: [], match: [/1234/] }, {}, 1234, {}],
  ])("of %o, with %o, is sampled with what else is meant", async (target, changes, asked, options) => {
    const others = [
      { name: "sh", count: 2, reason: undefined },
      { name: "sleep", count: 1, reason: undefined },
      { name: undefined, count: 12, reason: undefined },
      { name: "x", count: 1, reason: "Cannot open process 3: it is hidden from this user" },
    ];
    const world = new World(new FakeSampler({ python }).take(1).finish({ others }));
    const command = recordCommand({ kind: "processes", ...target }, changes);
    expect(await record(command, world.surroundings)).toEqual(exited(0));
    expect(world.asked).toEqual([asked, { rate: 100, idle: false, blocking: false, ...options }]);
    expect(world.text).toContain(
      "pyspy: Cannot open process 3: it is hidden from this user\npyspy: 3 processes without Python: sh (2), sleep\npyspy: 12 processes ended before a Python was found in them\n",
    );
  });

  test("is a failure if none is like what is meant", async () => {
    const world = new World(new FakeSampler({ python }));
    const command = recordCommand({ kind: "processes", pids: [], match: [/nothing/] });
    await expect(record(command, world.surroundings)).rejects.toMatchObject({
      code: "input",
      message: "No Python that can be looked into has a command line like nothing",
    });
  });

  test("is paused and sampled again as often as somebody asks", async () => {
    const sampler = new FakeSampler({ python }).take(3);
    const world = new World(sampler);
    const ending = record(recordCommand(attached), world.surroundings);
    await until(() => world.text.includes("Sampling"));
    await new Promise((resolve) => setImmediate(resolve));
    for (let round = 0; round < 3; round++) world.control("SIGUSR2");
    sampler.finish();
    await ending;
    expect(sampler.orders).toEqual(["pause", "resume", "pause", "dispose"]);
    expect(world.text).toContain("pyspy: Paused; SIGUSR2 goes on\npyspy: Sampling again\npyspy: Paused");
  });

  test("is written up to now when somebody asks, and at the end", async () => {
    const sampler = new FakeSampler({ python }).take(3);
    const world = new World(sampler);
    const ending = record(recordCommand(attached), world.surroundings);
    await until(() => world.text.includes("Sampling"));
    await new Promise((resolve) => setImmediate(resolve));
    world.control("SIGUSR1");
    const [snapshot = ""] = readdirSync(folder);
    expect(snapshot).toMatch(/^out-snapshot-.*\.txt$/);
    expect(readFileSync(join(folder, snapshot), "utf8")).toBe("work (app.py:4) 3\n");
    sampler.take(2).finish();
    await ending;
    expect(output()).toBe("work (app.py:4) 5\n");
  });

  test("has nothing to write or to pause before sampling has begun, and when it is over", async () => {
    const sampler = new FakeSampler({ python }).take(3);
    const world = new World(sampler);
    const attach = async () => {
      world.control("SIGUSR1");
      world.control("SIGUSR2");
      return sampler.finish();
    };
    const samplers = { ...world.surroundings.samplers, attach };
    await record(recordCommand(attached), { ...world.surroundings, samplers });
    expect(world.text).toMatch(
      /^pyspy: Nothing to write yet: sampling has not begun\npyspy: Nothing to pause yet: sampling has not begun\n/,
    );
    world.text = "";
    world.control("SIGUSR1");
    world.control("SIGUSR2");
    expect(world.text).toBe(
      "pyspy: Nothing to write any more: sampling is over\npyspy: Nothing to pause any more: sampling is over\n",
    );
    expect(sampler.orders).toEqual(["dispose"]);
  });

  test("whose recording failed at once leaves no file", async () => {
    const problem = new SamplerError("permission-denied", "Cannot read process 1234: permission denied");
    const world = new World(new FakeSampler({ python }).finish({ reason: "failed", problem }));
    const command = recordCommand(attached, { format: "pyspy" });
    await expect(record(command, world.surroundings)).rejects.toBe(problem);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is not touched if the profile could not be written", async () => {
    const world = new World(new FakeSampler({ python }));
    const command = recordCommand(attached, { output: join(folder, "missing", "out.txt") });
    await expect(record(command, world.surroundings)).rejects.toMatchObject({ code: "output" });
    expect(world.asked).toEqual([]);
  });
});

describe("a program", () => {
  test("gives its own exit code", async () => {
    const world = new World(new FakeSampler({ python }).take(5).finish().exited(7));
    expect(await record(recordCommand(launched), world.surroundings)).toEqual(exited(7));
    expect(world.asked[0]).toEqual(["python3", "app.py"]);
    expect(output()).toBe("work (app.py:4) 5\n");
    expect(world.text).toContain(
      "pyspy: Sampling 100 times a second until it ends (Ctrl-C to stop): python3 app.py",
    );
  });

  test("is waited for after the profile has been written", async () => {
    const sampler = new FakeSampler({ python }).take(5).finish({ reason: "duration" });
    const world = new World(sampler);
    const ending = record(recordCommand(launched, { duration: 2 }), world.surroundings);
    await until(() => existsSync(join(folder, "out.txt")));
    expect(sampler.orders).toEqual([]);
    sampler.exited(3);
    expect(await ending).toEqual(exited(3));
    expect(sampler.orders).toEqual(["dispose"]);
  });

  test.each([
    ["SIGINT", false, ["stop", "SIGINT"]],
    ["SIGINT", true, ["stop"]],
    ["SIGTERM", false, ["stop", "SIGTERM"]],
    ["SIGTERM", true, ["stop", "SIGTERM"]],
    ["SIGHUP", true, ["stop", "SIGHUP"]],
  ] as const)(
    "hears of each %s once (from a terminal: %s)",
    async (signal, hasControllingTerminal, orders) => {
      const sampler = new FakeSampler({ python, onStop: (it) => it.finish({ reason: "stopped" }) }).take(3);
      const world = new World(sampler, { hasControllingTerminal });
      const ending = record(recordCommand(launched), world.surroundings);
      await until(() => world.text.includes("Sampling"));
      world.send(signal);
      await until(() => existsSync(join(folder, "out.txt")));
      world.send(signal);
      sampler.exited(0);
      expect(await ending).toEqual(exited(0));
      expect(sampler.orders).toEqual([...orders, ...orders, "dispose"]);
      expect(world.isListening).toBe(false);
    },
  );

  test("hears of a signal that came while it was being started", async () => {
    const sampler = new FakeSampler({ python, onStop: (it) => it.finish({ reason: "stopped" }) });
    const world = new World(sampler);
    const samplers = {
      ...world.surroundings.samplers,
      launch: async () => {
        world.send("SIGTERM");
        return sampler.exited(0);
      },
    };
    await record(recordCommand(launched), { ...world.surroundings, samplers });
    expect(sampler.orders).toEqual(["stop", "SIGTERM", "dispose"]);
  });

  test("in which no Python was found gives a warning, an empty profile, and its exit code", async () => {
    const problem = new SamplerError("not-python", "No Python was found in sleep");
    const sampler = new FakeSampler({ python: undefined })
      .finish({ seconds: 0, python: undefined, problem })
      .exited(4);
    const world = new World(sampler);
    expect(await record(recordCommand(launched), world.surroundings)).toEqual(exited(4));
    expect(readdirSync(folder)).toEqual(["out.txt"]);
    expect(world.reported).toEqual([problem]);
    expect(world.text).toContain("Wrote");
  });

  test("keeps its exit code when the profile cannot be written any more", async () => {
    const sampler = new FakeSampler({ python, onStop: (it) => it.finish() }).take(3);
    const world = new World(sampler);
    const ending = record(recordCommand(launched), world.surroundings);
    await until(() => world.text.includes("Sampling"));
    mkdirSync(join(folder, "out.txt"));
    sampler.finish().exited(0);
    expect(await ending).toEqual(exited(0));
    expect(world.reported).toMatchObject([{ code: "output" }]);
    expect(readdirSync(folder)).toEqual(["out.txt"]);
  });

  test("is ended when sampling is over, if that is wanted, which is no failure of its", async () => {
    const sampler = new FakeSampler({ python }).take(5).finish({ reason: "duration" });
    const world = new World(sampler);
    const ending = record(recordCommand(launched, { afterwards: "kill" }), world.surroundings);
    await until(() => sampler.orders.includes("SIGTERM"));
    sampler.died("SIGTERM");
    expect(await ending).toEqual(exited(0));
    expect(output()).toBe("work (app.py:4) 5\n");
  });

  test("is ended before its profile is written, for which somebody may have to read", async () => {
    const sampler = new FakeSampler({ python }).take(5).finish({ reason: "duration" });
    const world = new World(sampler);
    let wasWritten: boolean | undefined;
    sampler.kill = () => {
      wasWritten = existsSync(join(folder, "out.txt"));
      sampler.died("SIGTERM");
    };
    await record(recordCommand(launched, { afterwards: "kill" }), world.surroundings);
    expect(wasWritten).toBe(false);
  });

  test("that has ended by itself keeps its exit code, whatever was wanted", async () => {
    const sampler = new FakeSampler({ python }).take(5).finish().exited(7);
    const world = new World(sampler);
    expect(await record(recordCommand(launched, { afterwards: "kill" }), world.surroundings)).toEqual(
      exited(7),
    );
    expect(sampler.orders).toEqual(["dispose"]);
  });

  test("is left alone when sampling is over, if that is wanted", async () => {
    const sampler = new FakeSampler({ python }).take(5).finish({ reason: "duration" });
    const world = new World(sampler);
    expect(await record(recordCommand(launched, { afterwards: "detach" }), world.surroundings)).toEqual(
      exited(0),
    );
    expect(sampler.orders).toEqual(["dispose"]);
  });

  test("that was not sampled makes pyspy fail if it is to be strict", async () => {
    const problem = new SamplerError("not-python", "No Python was found in sleep");
    const sampler = new FakeSampler({ python: undefined })
      .finish({ seconds: 0, python: undefined, problem })
      .exited(0);
    const world = new World(sampler);
    expect(await record(recordCommand(launched, { strict: true }), world.surroundings)).toEqual(exited(1));
  });

  test.each([
    [attached, true, 1],
    [attached, false, 0],
    [launched, true, 1],
    [launched, false, 0],
  ])("an empty profile of %j, strict: %j, ends with %i", async (target, strict, code) => {
    const world = new World(new FakeSampler({ python }).finish().exited(0));
    expect(await record(recordCommand(target, { strict }), world.surroundings)).toEqual(exited(code));
    expect(output()).toBe("");
  });

  test.each([
    [0, ""],
    [3, "printed\n"],
  ])("that ends with %i has what it printed shown only if it has failed", async (code, shown) => {
    const sampler = new FakeSampler({ python }).take(5).finish().exited(code);
    const world = new World(sampler);
    const launch = async (_: readonly string[], { streams }: LaunchOptions = {}) => {
      writeSync(streams?.[1] ?? 1, "prin");
      writeSync(streams?.[2] ?? 1, "ted\n");
      return sampler;
    };
    const samplers = { ...world.surroundings.samplers, launch };
    const command = recordCommand(launched, { capture: true });
    expect(await record(command, { ...world.surroundings, samplers })).toEqual(exited(code));
    expect(world.captured).toBe(shown);
  });

  test("is run as the user who has called sudo", async () => {
    const callingUser = { user: { uid: 7, gid: 8, name: "ada" }, environment: { HOME: "/home/ada" } };
    const world = new World(new FakeSampler({ python }).take(5).finish().exited(0), { callingUser });
    await record(recordCommand(launched), world.surroundings);
    expect(world.asked[1]).toEqual({ rate: 100, idle: false, blocking: false, ...callingUser });
  });

  test("that cannot be started is a failure of ours", async () => {
    const world = new World(new FakeSampler({ python }));
    const error = new SamplerError("program-not-found", "Cannot start pithon: it was not found");
    const samplers = { ...world.surroundings.samplers, launch: () => Promise.reject(error) };
    await expect(record(recordCommand(launched), { ...world.surroundings, samplers })).rejects.toBe(error);
    expect(world.isListening).toBe(false);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
