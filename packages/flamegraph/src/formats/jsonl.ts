import { printable } from "../printable-text.js";
import type { Profile } from "../profile.js";
import { SampleState } from "../sample-batch.js";
import { ShownStacks } from "../shown-stacks.js";
import { threadTracks } from "../thread-tracks.js";
import { trackSamples } from "../track-samples.js";
import { creatorOf, type FormatOptions, titleOf } from "./format-options.js";

/**
 * Writes JSON lines (https://jsonlines.org) for scripts: an object a line, of which `type` tells what it is.
 *
 * ```text
 * {"type":"profile","creator":"pyspy 0.1.0","title":"python3 app.py","command":[…],"rate":100,"startTime":1700000000000}
 * {"type":"thread","thread":0,"pid":40,"id":40,"name":"MainThread","interpreter":0}
 * {"type":"stack","stack":0,"frames":[{"function":"main","file":"/srv/app.py","line":9}]}
 * {"type":"sample","time":10000000,"thread":0,"stack":0,"span":10000000,"state":["active","holdsGil"]}
 * {"type":"end","samples":1,"duration":10000000,"counters":{…}}
 * ```
 *
 * Threads and stacks are described before the first sample that names them; frames are outermost first. Times are nanoseconds since
 * the start; `span` is the time that a sample stands for (`SampleWeights`); `cpu` (processor time since the thread's last
 * sample), `resident` (bytes of its process) and `count` (if it stands for several) are there where they are known. The file has
 * no `end` if it was cut off.
 */
export function* jsonl(profile: Profile, options: FormatOptions = {}): Generator<string> {
  const { metadata, duration, counters } = profile;
  const threads = threadTracks(profile);
  const shown = new ShownStacks(profile, options);
  const described = new Set<number>();
  const describedStacks = new Set<number>();
  yield line("profile", {
    creator: creatorOf(metadata, " "),
    title: printable(titleOf(metadata, options)),
    command: metadata.command.map(printable),
    rate: metadata.rate,
    startTime: metadata.startTime,
  });
  let samples = 0;
  for (const { track, time, weight, node, state, cpu, resident, count } of trackSamples(
    profile,
    threads,
    options,
  )) {
    if (!described.has(track)) {
      described.add(track);
      const { process, id, name = "", interpreter } = threads.tracks[track] ?? {};
      yield line("thread", { thread: track, pid: process?.pid ?? 0, id, name: printable(name), interpreter });
    }
    const stack = shown.ofNode(node);
    if (!describedStacks.has(stack)) {
      describedStacks.add(stack);
      yield line("stack", { stack, frames: framesOf(shown, stack) });
    }
    samples += count;
    yield line("sample", {
      time,
      thread: track,
      stack,
      span: weight,
      state: STATES.filter((name) => (state & SampleState[name]) !== 0),
      ...(cpu >= 0 && { cpu }),
      ...(resident >= 0 && { resident }),
      ...(count !== 1 && { count }),
    });
  }
  yield line("end", { samples, duration, counters });
}

const STATES = Object.keys(SampleState) as (keyof typeof SampleState)[];

function framesOf(shown: ShownStacks, stack: number): object[] {
  return shown
    .framesOf(stack)
    .reverse()
    .map((frame) => {
      const { name = "", file = "" } = shown.functions[shown.functionOfFrame(frame)] ?? {};
      const lineNumber = shown.lineOfFrame(frame);
      return { function: name, ...(file !== "" && { file }), ...(lineNumber > 0 && { line: lineNumber }) };
    });
}

function line(type: string, value: object): string {
  return `${JSON.stringify({ type, ...value })}\n`;
}
