import { isTerminal } from "./is-terminal.js";

/** Colours for one stream; each function returns the text as it is where the stream shows none. */
export interface Style {
  readonly enabled: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

export function createStyle(enabled: boolean): Style {
  const paint = (open: number, close: number) => (text: string) =>
    enabled && text !== "" ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return {
    enabled,
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}

/** The style of a descriptor: colours on a terminal, unless `NO_COLOR` or a dumb terminal says otherwise. */
export function styleOf(descriptor: 1 | 2): Style {
  const unwanted = (process.env["NO_COLOR"] ?? "") !== "" || process.env["TERM"] === "dumb";
  return createStyle(!unwanted && isTerminal(descriptor));
}
