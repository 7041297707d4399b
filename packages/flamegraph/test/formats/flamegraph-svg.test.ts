import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type FlamegraphOptions,
  foldStacks,
  type Profile,
  ProfileBuilder,
  renderFlamegraphSvg,
} from "../../src/index.js";
import { batchOfStacks, profileOf, profileOfBatches } from "../profile-of.js";
import { anyStacks } from "./any-stacks.js";
import { descendants, type XmlElement, xmlElements } from "./xml-elements.js";

interface Frame {
  readonly title: string;
  readonly start: number;
  readonly samples: number;
  readonly row: number;
  readonly fill: string;
  readonly label: string;
}

function framesOf(svg: XmlElement): Frame[] {
  const groups = descendants(svg, ({ name }) => name === "g").filter(
    ({ children }) => children[1]?.name === "rect",
  );
  return groups.map(({ children: [title, rect, text] }) => ({
    title: title?.text ?? "",
    start: Number(rect?.attributes["fg:x"]),
    samples: Number(rect?.attributes["fg:w"]),
    row: (Number(rect?.attributes["y"]) - 84) / 20,
    fill: rect?.attributes["fill"] ?? "",
    label: text?.text ?? "",
  }));
}

function render(profile: Profile, options?: FlamegraphOptions): XmlElement {
  return xmlElements(renderFlamegraphSvg(foldStacks(profile), options));
}

function textOf(svg: XmlElement, id: string): string | undefined {
  return descendants(svg, ({ attributes }) => attributes["id"] === id)[0]?.text;
}

describe("a flame graph", () => {
  const profile = profileOf(`
    <module>@/srv/app.py:22;main@/srv/app.py:17;work@/srv/app.py:3 5
    <module>@/srv/app.py:22;main@/srv/app.py:17;encode@/usr/lib/python3.12/json/encoder.py:200 2
    <module>@/srv/app.py:22;main@/srv/app.py:17 1
    <module>@/srv/app.py:22 2
  `);

  test("of a small profile is the file that it was", async () => {
    const svg = renderFlamegraphSvg(foldStacks(profile)).replace(/<(style|script)>.*?<\/\1>/gs, "<$1></$1>");
    await expect(svg).toMatchFileSnapshot("../fixtures/golden/small.svg");
  });

  test("lays callees out below their callers, from the left edge on", () => {
    const frames = framesOf(render(profile)).map(({ title, start, samples, row }) => [
      row,
      start,
      samples,
      title,
    ]);
    expect(frames).toEqual([
      [0, 0, 10, "all (10 samples, 100%)"],
      [1, 0, 10, "<module> (app.py:22) (10 samples, 100.00%)"],
      [2, 0, 8, "main (app.py:17) (8 samples, 80.00%)"],
      [3, 0, 2, "encode (json/encoder.py:200) (2 samples, 20.00%)"],
      [3, 2, 5, "work (app.py:3) (5 samples, 50.00%)"],
    ]);
  });

  test("says what was sampled, how much, how long and when", () => {
    const svg = render(profile);
    expect(textOf(svg, "title")).toBe("python3 app.py");
    expect(textOf(svg, "subtitle")).toBe("10 samples · 0.01 s · 100 a second · 2023-11-14 22:13 UTC");
    expect(textOf(render(profile, { title: "T", subtitle: "S" }), "title")).toBe("T");
  });

  test("has the ids and attributes that readers of inferno's files look for", () => {
    const svg = render(profile);
    for (const id of ["title", "subtitle", "details", "unzoom", "search", "matched", "frames"]) {
      expect(textOf(svg, id), id).toBeDefined();
    }
    const frames = descendants(svg, ({ attributes }) => attributes["id"] === "frames")[0];
    expect(frames?.attributes["total_samples"]).toBe("10");
  });

  test("refers to nothing outside and makes no code of text", () => {
    const svg = renderFlamegraphSvg(foldStacks(profile));
    const namespaces = [
      "http://www.w3.org/2000/svg",
      "http://www.w3.org/1999/xhtml",
      "http://github.com/jonhoo/inferno",
    ];
    expect(new Set(svg.match(/\w+:\/\/[^"\s]+/g))).toEqual(new Set(namespaces));
    expect(svg).not.toMatch(/\beval\b|Function\(|url\(|href|@import|innerHTML/);
  });

  test("colours a function alike on all of its lines, and code by whose it is", () => {
    const fills = framesOf(
      render(profileOf("f@/srv/a.py:1 1\nf@/srv/a.py:2 1\ng@/srv/a.py:2 1\nf@/v/site-packages/a.py:1 1")),
    ).map(({ fill }) => fill);
    const [, first, second, other, library] = fills;
    expect(first).toBe(second);
    expect(new Set([first, other, library]).size).toBe(3);
  });

  test("leaves out what is too narrow to see", () => {
    const wide = profileOf("main;a 2000\nmain;b;c 1");
    expect(framesOf(render(wide)).map(({ title }) => title.split(" ")[0])).toEqual(["all", "main", "a"]);
    expect(framesOf(render(wide, { minWidth: 0 }))).toHaveLength(5);
  });

  test("shows as much of a name as fits", () => {
    const long = "n".repeat(300);
    expect(framesOf(render(profileOf(`${long} 1`)))[1]?.label).toBe(`${"n".repeat(159)}…`);
    expect(framesOf(render(profileOf(`${long} 1\nz 99`)))[1]?.label).toBe("");
  });

  test("of no samples says so", () => {
    const nothing = new ProfileBuilder({ command: [], rate: 0, startTime: 0 }).finish();
    const svg = render(nothing);
    expect(framesOf(svg)).toEqual([]);
    expect(textOf(svg, "empty")).toBe("There are no samples to show.");
    expect(textOf(svg, "title")).toBe("Flame graph");
    expect(textOf(svg, "subtitle")).toBe("0 samples");
  });
});

test("any names give well-formed XML that shows them", () => {
  fc.assert(
    fc.property(anyStacks, fc.string({ unit: "binary" }), (stacks, title) => {
      const profile = profileOfBatches(batchOfStacks(stacks));
      const svg = render(profile, { title, subtitle: title, minWidth: 0 });
      const shown = framesOf(svg).map((frame) => frame.title.replace(/ \(\d+ samples?, [\d.]+%\)$/, ""));
      expect(shown.every((name) => name.length > 0)).toBe(true);
    }),
  );
});

test("any profile gives frames that lie within their callers and share out all samples", () => {
  fc.assert(
    fc.property(anyStacks, fc.constantFrom(0, 0.1, 20), (stacks, minWidth) => {
      const frames = framesOf(render(profileOfBatches(batchOfStacks(stacks)), { minWidth }));
      const samples = stacks.reduce((sum, stack) => sum + stack.samples, 0);
      expect(frames[0]?.samples ?? 0).toBe(samples);
      const callers: Frame[] = [];
      const ends: number[] = [];
      for (const frame of frames) {
        const caller = callers[frame.row - 1];
        expect(frame.start).toBeGreaterThanOrEqual(Math.max(caller?.start ?? 0, ends[frame.row] ?? 0));
        expect(frame.start + frame.samples).toBeLessThanOrEqual(
          caller ? caller.start + caller.samples : samples,
        );
        callers[frame.row] = frame;
        ends[frame.row] = frame.start + frame.samples;
      }
    }),
  );
});
