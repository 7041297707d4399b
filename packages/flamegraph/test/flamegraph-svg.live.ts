import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { foldStacks, type Profile, renderFlamegraphSvg } from "@pyspy/flamegraph";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { batchOfStacks, profileOf, profileOfBatches } from "./profile-of.js";

/** How long the browser may take for anything: as long as a test may. */
const patient = { timeout: 100_000 };

let browser: Browser;
let folder: string;
let page: Page;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flamegraph-"));
  browser = await chromium.launch({
    ...patient,
    executablePath: findChromium(),
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
});

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async ({ onTestFinished }) => {
  page = await browser.newPage({ viewport: { width: 1032, height: 400 } });
  page.setDefaultTimeout(patient.timeout);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => problems.push(message.text()));
  page.on("request", (request) => {
    if (!request.url().startsWith("file:")) problems.push(`asked for ${request.url()}`);
  });
  onTestFinished(async () => {
    await page.close();
    expect(problems).toEqual([]);
  });
});

function findChromium(): string {
  const wanted = process.env["PYSPY_CHROMIUM"];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const candidates = names.flatMap((name) => [
    join("/usr/bin", name),
    ...folders.map((path) => join(path, name)),
  ]);
  const found = wanted === undefined ? candidates.find((path) => existsSync(path)) : wanted;
  if (found === undefined || !existsSync(found)) {
    const tried = wanted ?? names.join(", ");
    throw new Error(`Cannot find a Chromium (${tried}): install one or name it in PYSPY_CHROMIUM`);
  }
  return found;
}

async function open(profile: Profile, hash = ""): Promise<void> {
  const path = join(folder, "profile.svg");
  await writeFile(path, renderFlamegraphSvg(foldStacks(profile)));
  await page.goto("about:blank");
  await page.goto(`${pathToFileURL(path)}${hash}`);
}

function frame(name: string) {
  return page.locator("#frames > g").filter({ has: page.locator("title", { hasText: name }) });
}

/** What is seen of the frames: name: where it begins and how wide it is in percent, `~` before one that is faded. */
async function seen(): Promise<string[]> {
  return page.locator("#frames > g:visible").evaluateAll((groups) => {
    const frames = groups[0]?.parentElement?.getBoundingClientRect();
    if (frames === undefined) return [];
    return groups.map((group) => {
      const name = group.querySelector("title")?.textContent?.replace(/ \(.*/s, "");
      const box = group.querySelector("rect")?.getBoundingClientRect();
      const left = Math.round((100 * ((box?.left ?? 0) - 16)) / 1000);
      const width = Math.round((100 * (box?.width ?? 0)) / 1000);
      return `${group.classList.contains("faded") ? "~" : ""}${name} ${left} ${width}`;
    });
  });
}

async function text(id: string): Promise<string> {
  return (await page.locator(`#${id}`).textContent()) ?? "";
}

const PROFILE = profileOf(`
  main@/srv/app.py:9;load@/srv/app.py:3;parse@/srv/app.py:20 30
  main@/srv/app.py:9;load@/srv/app.py:3;read@/srv/app.py:21 10
  main@/srv/app.py:9;save@/srv/app.py:4;parse@/srv/app.py:20 20
  main@/srv/app.py:9;save@/srv/app.py:4 20
  main@/srv/app.py:9 20
`);
const WHOLE = [
  "all 0 100",
  "main 0 100",
  "load 0 40",
  "parse 0 30",
  "read 30 10",
  "save 40 40",
  "parse 40 20",
];
const SAVE = ["~all 0 100", "~main 0 100", "save 0 100", "parse 0 50"];

describe("a flame graph in a browser", () => {
  test("shows every frame as wide as its samples", async () => {
    await open(PROFILE);
    expect(await seen()).toEqual(WHOLE);
    expect(await text("title")).toBe("python3 app.py");
    expect(await page.locator("#unzoom").isVisible()).toBe(false);
  });

  test("fills the window, whatever its width", async () => {
    await open(PROFILE);
    await page.setViewportSize({ width: 532, height: 400 });
    const width = await page
      .locator("#frames rect")
      .first()
      .evaluate((rect) => rect.getBoundingClientRect().width);
    expect(width).toBeCloseTo(500, 0);
  });

  test("zooms into a frame that is clicked, keeps its callers faded, and comes back", async () => {
    await open(PROFILE);
    await frame("save").click();
    expect(await seen()).toEqual(SAVE);
    await frame("main").click();
    expect(await seen()).toEqual(["~all 0 100", ...WHOLE.slice(1)]);
    await page.locator("#unzoom").click();
    expect(await seen()).toEqual(WHOLE);
    expect(await page.locator("#unzoom").isVisible()).toBe(false);
  });

  test("describes what the pointer is on", async () => {
    await open(PROFILE);
    await frame("read").hover();
    expect(await text("details")).toBe("read (app.py:21) (10 samples, 10.00%), 25.00% of its caller");
    await page.mouse.move(500, 390);
    expect(await text("details")).toBe("");
  });

  test("searches, and counts what matches once however it is nested", async () => {
    await open(PROFILE);
    await page.locator("#search").click();
    await page.keyboard.type("^(load|parse)");
    expect(await text("matched")).toBe("Matched: 60.00%");
    expect(await page.locator("#frames > g.match title").allTextContents()).toEqual([
      "load (app.py:3) (40 samples, 40.00%)",
      "parse (app.py:20) (30 samples, 30.00%)",
      "parse (app.py:20) (20 samples, 20.00%)",
    ]);
    await page.keyboard.press("Escape");
    expect(await page.locator("#frames > g.match").count()).toBe(0);
    expect(await page.locator("#matched").isVisible()).toBe(false);
  });

  test("counts matches of what is zoomed into", async () => {
    await open(PROFILE);
    await page.keyboard.press("Control+f");
    await page.keyboard.type("parse");
    expect(await text("matched")).toBe("Matched: 50.00%");
    await frame("load").click();
    expect(await text("matched")).toBe("Matched: 75.00%");
  });

  test("takes what is no regular expression as it stands, and capital letters for themselves", async () => {
    await open(PROFILE);
    await page.keyboard.press("/");
    await page.keyboard.type("(app.py:3");
    expect(await text("matched")).toBe("Matched: 40.00%");
    await page.locator("input").fill("MAIN");
    expect(await text("matched")).toBe("Matched: 0.00%");
    await page.locator("input").fill("Main|main");
    expect(await text("matched")).toBe("Matched: 100.00%");
  });

  test("keeps its state in the hash of the address", async () => {
    await open(PROFILE);
    await frame("save").click();
    await page.keyboard.press("Control+f");
    await page.keyboard.type("pa");
    const hash = new URL(page.url()).hash;
    expect(hash).toBe("#x=40&y=2&s=pa");
    await open(PROFILE, hash);
    expect(await seen()).toEqual(SAVE);
    expect(await text("matched")).toBe("Matched: 50.00%");
  });

  test("goes back from a zoom with the Back button", async () => {
    await open(PROFILE);
    await frame("save").click();
    await page.goBack();
    await expect.poll(seen, patient).toEqual(WHOLE);
    await page.goForward();
    await expect.poll(seen, patient).toEqual(SAVE);
  });

  test("is used from the keyboard", async () => {
    await open(PROFILE);
    await frame("all").focus();
    for (const key of ["ArrowDown", "ArrowDown", "ArrowRight"]) await page.keyboard.press(key);
    expect(await text("details")).toContain("save (app.py:4) (40 samples");
    await page.keyboard.press("Enter");
    expect(await seen()).toEqual(SAVE);
    await page.keyboard.press("Escape");
    expect(await seen()).toEqual(WHOLE);
  });

  test("is readable without its script", async () => {
    await open(PROFILE);
    const still = await browser.newContext({
      javaScriptEnabled: false,
      viewport: { width: 1200, height: 400 },
    });
    const silent = await still.newPage();
    await silent.goto(page.url());
    expect(await silent.locator("#frames > g:visible").count()).toBe(WHOLE.length);
    expect(await silent.locator("#frames text").allTextContents()).toContain("parse (app.py:20)");
    expect(await silent.locator("#search").isVisible()).toBe(false);
    await still.close();
  });

  test("of no samples says so", async () => {
    await open(profileOf(""));
    expect(await text("empty")).toBe("There are no samples to show.");
    await page.keyboard.press("/");
    await page.keyboard.type("x");
    await page.keyboard.press("Escape");
  });
});

test("hostile names are shown as text and run nothing", async () => {
  const names = [
    "<script>document.title = 'run'</script>",
    "</title><script>document.title = 'run'</script>",
    "]]><script>document.title = 'run'</script>",
    `" onload="document.title = 'run'`,
    "&lt;b&gt; &amp; &#0; &unknown;",
    "line\nbreak\0 \x1b[31m \ud800 \uffff",
    "$& $1 \\",
    "größe 計算 🐍",
  ];
  await open(profileOfBatches(batchOfStacks([{ names, samples: 3 }])));
  const shown = await page.locator("#frames > g > text").allTextContents();
  expect(shown).toEqual([
    "all",
    ...names.slice(0, 5),
    "line\\nbreak\\x00 \\x1b[31m \\ud800 \\uffff",
    ...names.slice(6),
  ]);
  expect(await page.title()).toBe("python3 app.py");
  expect(await page.locator("script").count()).toBe(1);
});
