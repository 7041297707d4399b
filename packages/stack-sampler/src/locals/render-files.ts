import {
  decodeBufferedFile,
  decodeFile2,
  decodeRawFile,
  decodeTextFile,
  type RawFile,
} from "@pyspy/cpython-layouts";
import { memberOf } from "./attributes.js";
import { hexAddress, plainText } from "./escapes.js";
import type { NamedRenderers, RemoteObject, Renderer, Rendering } from "./rendering.js";

/** `<_io.TextIOWrapper name='x' mode='r' encoding='UTF-8'>` */
const renderTextFile: Renderer = (rendering, object) => {
  const { out } = rendering;
  const file = decodeTextFile(rendering.layout, object.bytes);
  const buffer = file && rendering.read(file.buffer);
  if (buffer === undefined || file === undefined || file.encoding === 0) return false;
  out.write(`<${object.type.tpName}`);
  writeName(rendering, rawFileOf(rendering, buffer) ?? buffer);
  const mode = rendering.spelling.showsHowFilesAreOpen ? memberOf(rendering, object, "mode") : 0;
  if (mode !== 0) {
    out.write(" mode=");
    rendering.value(mode);
  }
  out.write(" encoding=");
  rendering.value(file.encoding);
  out.write(">");
  return true;
};

/** `<_io.BufferedReader name='x'>`: the name is that of the file without a buffer. */
const renderBufferedFile: Renderer = (rendering, object) => {
  const raw = rawFileOf(rendering, object);
  if (raw === undefined) return false;
  rendering.out.write(`<${object.type.tpName}`);
  writeName(rendering, raw);
  rendering.out.write(">");
  return true;
};

function rawFileOf(rendering: Rendering, buffer: RemoteObject): RemoteObject | undefined {
  const file = decodeBufferedFile(rendering.layout, buffer.bytes);
  return file && rendering.read(file.raw);
}

function writeName(rendering: Rendering, raw: RemoteObject): void {
  const name = memberOf(rendering, raw, "name");
  if (name === 0) return;
  rendering.out.write(" name=");
  rendering.value(name);
}

/** `<_io.FileIO name='x' mode='rb' closefd=True>` */
const renderRawFile: Renderer = (rendering, object) => {
  const { out, spelling } = rendering;
  const { type } = object;
  const file = decodeRawFile(rendering.layout, object.bytes);
  if (file === undefined) return false;
  if (file.descriptor < 0) {
    out.write(`<${type.tpName} [closed]>`);
    return true;
  }
  const name = memberOf(rendering, object, "name");
  out.write(`<${type.tpName} `);
  if (name === 0) out.write(`fd=${file.descriptor}`);
  else {
    out.write("name=");
    rendering.value(name);
  }
  out.write(` mode='${modeOf(file)}'`);
  if (spelling.showsHowFilesAreOpen) out.write(` closefd=${file.closesDescriptor ? "True" : "False"}`);
  out.write(">");
  return true;
};

function modeOf({ isCreated, isReadable, isWritable, isAppending }: RawFile): string {
  if (isCreated) return isReadable ? "xb+" : "xb";
  if (isAppending) return isReadable ? "ab+" : "ab";
  return isReadable ? (isWritable ? "rb+" : "rb") : "wb";
}

/** `<open file 'x', mode 'r' at 0x7f…>` (2.x) */
const renderFile2: Renderer = (rendering, object) => {
  const { out } = rendering;
  const file = decodeFile2(rendering.layout, object.bytes);
  const mode = file && rendering.name(file.mode);
  if (file === undefined || mode === undefined) return false;
  out.write(`<${file.file === 0 ? "closed" : "open"} file `);
  rendering.value(file.name);
  out.write(`, mode '${plainText(mode)}' at ${hexAddress(object.address)}>`);
  return true;
};

export const fileRenderers: NamedRenderers = [
  ["_io.TextIOWrapper", renderTextFile],
  ["_io.BufferedReader", renderBufferedFile],
  ["_io.BufferedWriter", renderBufferedFile],
  ["_io.BufferedRandom", renderBufferedFile],
  ["_io.FileIO", renderRawFile],
  ["file", renderFile2],
];
