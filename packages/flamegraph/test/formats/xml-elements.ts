/** An element of an XML file, as far as tests ask. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Its character data and that of what it holds, unescaped. */
  readonly text: string;
}

const NAME = "[A-Za-z_][\\w:.-]*";
const ATTRIBUTE = new RegExp(`\\s+(${NAME})="([^<"]*)"`, "g");
const TOKEN = new RegExp(
  [
    `<(?<open>${NAME})(?<attributes>(?:\\s+${NAME}="[^<"]*")*)\\s*(?<empty>/?)>`,
    `</(?<close>${NAME})>`,
    "<!\\[CDATA\\[(?<cdata>.*?)\\]\\]>",
    "(?<text>[^<]+)",
  ].join("|"),
  "suy",
);
/** The characters of XML 1.0, section 2.2. */
const CHARACTERS = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/**
 * The root element of `xml`. Throws where the part of XML that we write is not well-formed: characters, entities,
 * nesting, attributes. Comments, processing instructions and document types are refused.
 */
export function xmlElements(xml: string): XmlElement {
  if (!CHARACTERS.test(xml)) throw new Error("a character that XML forbids");
  const declaration = /^<\?xml version="1\.0" encoding="UTF-8" standalone="no"\?>\n/.exec(xml)?.[0] ?? "";
  interface Open {
    name: string;
    attributes: Record<string, string>;
    children: XmlElement[];
    text: string;
  }
  const file: Open = { name: "", attributes: {}, children: [], text: "" };
  const open: Open[] = [file];
  TOKEN.lastIndex = declaration.length;
  while (TOKEN.lastIndex < xml.length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(xml)?.groups;
    const parent = open.at(-1);
    if (token === undefined || parent === undefined) throw new Error(`not XML: ${xml.slice(at, at + 60)}`);
    if (token["open"] !== undefined) {
      const element: Open = { name: token["open"], attributes: {}, children: [], text: "" };
      for (const [, name = "", value = ""] of (token["attributes"] ?? "").matchAll(ATTRIBUTE)) {
        if (Object.hasOwn(element.attributes, name)) throw new Error(`attribute ${name} twice`);
        element.attributes[name] = unescaped(value);
      }
      if (token["empty"] === "/") parent.children.push(element);
      else open.push(element);
    } else if (token["close"] !== undefined) {
      if (parent.name !== token["close"]) throw new Error(`</${token["close"]}> closes <${parent.name}>`);
      open.pop();
      const outer = open.at(-1);
      outer?.children.push(parent);
      if (outer !== undefined) outer.text += parent.text;
    } else {
      parent.text += token["cdata"] ?? unescaped(token["text"] ?? "");
    }
  }
  const [root] = file.children;
  if (root === undefined || open.length !== 1 || file.children.length !== 1)
    throw new Error("not one closed root");
  return root;
}

/** All elements below `element`, in the order of the file, that `isWanted`. */
export function descendants(element: XmlElement, isWanted: (element: XmlElement) => boolean): XmlElement[] {
  return element.children.flatMap((child) => [
    ...(isWanted(child) ? [child] : []),
    ...descendants(child, isWanted),
  ]);
}

function unescaped(text: string): string {
  return text.replace(/&([^;]*;?)/g, (entity, name: string) => {
    const character = ENTITIES[name.slice(0, -1)];
    if (!name.endsWith(";") || character === undefined) throw new Error(`not an entity: ${entity}`);
    return character;
  });
}
