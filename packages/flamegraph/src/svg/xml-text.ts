import { printable } from "../printable-text.js";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** `text` as the character data of an XML 1.0 element, whatever it holds. */
export function xmlText(text: string): string {
  return printable(text).replace(/[&<>]/g, (character) => ENTITIES[character] ?? "");
}
