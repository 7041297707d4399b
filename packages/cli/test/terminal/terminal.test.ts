import { describe, expect, test } from "vitest";
import { commandLine, printable, printableJson, shortened } from "../../src/terminal/printable.js";
import { type Progress, renderProgress } from "../../src/terminal/progress.js";
import { createStyle } from "../../src/terminal/style.js";
import { Terminal } from "../../src/terminal/terminal.js";

describe("progress", () => {
  const progress: Progress = {
    seconds: 3.24,
    duration: undefined,
    samples: 312,
    taken: 322,
    missed: 0,
    unreadable: 0,
  };

  test("is elapsed time, samples and rate", () => {
    expect(renderProgress(progress)).toBe("  3.2 s   312 samples   99.4/s");
  });

  test("says how much time there is", () => {
    expect(renderProgress({ ...progress, duration: 10 })).toBe("  3.2 of 10 s   312 samples   99.4/s");
    expect(renderProgress({ ...progress, duration: 3 })).toBe("  3.0 of 3 s   312 samples   99.4/s");
  });

  test("says what was missed and could not be read only if there is something", () => {
    expect(renderProgress({ ...progress, samples: 1, missed: 4, unreadable: 2 })).toBe(
      "  3.2 s   1 sample   99.4/s   4 missed   2 unreadable",
    );
  });

  test("has a rate before any time has passed", () => {
    expect(renderProgress({ ...progress, seconds: 0 })).toBe("  0.0 s   312 samples   0.0/s");
  });
});

describe("the terminal", () => {
  function terminalOf(options: { interactive: boolean; colours?: boolean; columns?: number }): {
    terminal: Terminal;
    written: () => string;
  } {
    let text = "";
    const terminal = new Terminal({
      write: (piece) => {
        text += piece;
      },
      style: createStyle(options.colours ?? false),
      interactive: options.interactive,
      columns: () => options.columns ?? 80,
    });
    return { terminal, written: () => text };
  }

  test("erases the status line before a line that stays", () => {
    const { terminal, written } = terminalOf({ interactive: true });
    terminal.showStatus("one");
    terminal.showStatus("two");
    terminal.say("done");
    terminal.clearStatus();
    expect(written()).toBe("\r\x1b[2Kone\r\x1b[2Ktwo\r\x1b[2Kpyspy: done\n");
  });

  test("has no status line in a pipe", () => {
    const { terminal, written } = terminalOf({ interactive: false });
    terminal.showStatus("one");
    terminal.say("done");
    expect(written()).toBe("pyspy: done\n");
  });

  test("cuts the status line off before it would wrap", () => {
    const { terminal, written } = terminalOf({ interactive: true, columns: 8 });
    terminal.showStatus("123456789");
    expect(written()).toBe("\r\x1b[2K123456…");
  });

  test("tells information, warnings and failures apart by the colour of its name", () => {
    const { terminal, written } = terminalOf({ interactive: false, colours: true });
    terminal.say("a");
    terminal.warn("b");
    terminal.fail("c");
    expect(written()).toBe("\x1b[2mpyspy:\x1b[22m a\n\x1b[33mpyspy:\x1b[39m b\n\x1b[31mpyspy:\x1b[39m c\n");
  });

  test("lets no name of a file or a program give orders to the screen", () => {
    const { terminal, written } = terminalOf({ interactive: false });
    terminal.say("Wrote \x1b[2J\n\u202ea.svg");
    expect(written()).toBe("pyspy: Wrote \\x1b[2J\\n\\u202ea.svg\n");
  });
});

describe("printable text", () => {
  test.each([
    ["plain, ünïcode, 漢字 and 😀", "plain, ünïcode, 漢字 and 😀"],
    ["\0\t\r\n\x7f\x9b", "\\x00\\t\\r\\n\\x7f\\x9b"],
    ["\u2028\u2066\ud800", "\\u2028\\u2066\\ud800"],
  ])("of %j is %s", (text, expected) => {
    expect(printable(text)).toBe(expected);
  });
});

describe("a command line", () => {
  test.each([
    [["python3", "app.py", "--rate=5"], "python3 app.py --rate=5"],
    [["python3", "-c", "print('a b')"], "python3 -c 'print('\\''a b'\\'')'"],
    [["", "$HOME", "a*"], "'' '$HOME' 'a*'"],
  ])("of %j can be typed into a shell", (words, expected) => {
    expect(commandLine(words)).toBe(expected);
  });

  test("is shortened between characters", () => {
    expect(shortened("a😀b😀", 3)).toBe("a😀…");
    expect(shortened("a😀b", 3)).toBe("a😀b");
  });
});

describe("JSON", () => {
  test("says what a value has, null for what is undefined, and nothing to a terminal", () => {
    const value = { name: "a\x1b[2J\x9b\x7f\u202e\ud800\n", missing: undefined, list: [undefined, 1] };
    const text = printableJson(value);
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cs}\u202e]/u);
    expect(JSON.parse(text)).toEqual({ name: value.name, missing: null, list: [null, 1] });
  });
});
