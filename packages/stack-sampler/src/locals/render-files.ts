import { memberOf } from "./attributes.js";
import { hexAddress, plainText } from "./escapes.js";
import type { RemoteObject, Renderer, Rendering } from "./rendering.js";

/** `<_io.TextIOWrapper name='x' mode='r' encoding='UTF-8'>`: flags, a size, the buffer, the encoding. */
const renderTextFile: Renderer = (rendering, object) => {
  const { out } = rendering;
  const buffer = rendering.read(rendering.field(object, 2));
  const encoding = rendering.field(object, 3);
  if (buffer === undefined || encoding === 0) return false;
  const raw = rendering.read(rendering.field(buffer, 0));
  out.write(`<${object.type.tpName}`);
  writeName(rendering, raw ?? buffer);
  const mode = memberOf(rendering, object, "mode");
  if (mode !== 0) {
    out.write(" mode=");
    rendering.value(mode);
  }
  out.write(" encoding=");
  rendering.value(encoding);
  out.write(">");
  return true;
};

/** `<_io.BufferedReader name='x'>`: the file without a buffer. */
const renderBufferedFile: Renderer = (rendering, object) => {
  const raw = rendering.read(rendering.field(object, 0));
  if (raw === undefined) return false;
  rendering.out.write(`<${object.type.tpName}`);
  writeName(rendering, raw);
  rendering.out.write(">");
  return true;
};

function writeName(rendering: Rendering, raw: RemoteObject): void {
  const name = memberOf(rendering, raw, "name");
  if (name === 0) return;
  rendering.out.write(" name=");
  rendering.value(name);
}

/** `<_io.FileIO name='x' mode='rb' closefd=True>`: the descriptor and bits, each in an `int`. */
const renderRawFile: Renderer = (rendering, object) => {
  const { out, layout } = rendering;
  const { bytes, type } = object;
  const at = layout.object.size;
  if (bytes.length < at + 8) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const descriptor = view.getInt32(at, true);
  if (descriptor < 0) {
    out.write(`<${type.tpName} [closed]>`);
    return true;
  }
  const bits = view.getUint8(at + 4);
  const name = memberOf(rendering, object, "name");
  out.write(`<${type.tpName} `);
  if (name === 0) out.write(`fd=${descriptor}`);
  else {
    out.write("name=");
    rendering.value(name);
  }
  out.write(` mode='${modeOf(bits)}' closefd=${(bits & CLOSES) === 0 ? "False" : "True"}>`);
  return true;
};

const CREATED = 1;
const READABLE = 2;
const WRITABLE = 4;
const APPENDING = 8;
const CLOSES = 64;

function modeOf(bits: number): string {
  const isReadable = (bits & READABLE) !== 0;
  if ((bits & CREATED) !== 0) return isReadable ? "xb+" : "xb";
  if ((bits & APPENDING) !== 0) return isReadable ? "ab+" : "ab";
  return isReadable ? ((bits & WRITABLE) === 0 ? "rb" : "rb+") : "wb";
}

/** `<open file 'x', mode 'r' at 0x7f…>` (2.x): a `FILE`, the name, the mode. */
const renderFile2: Renderer = (rendering, object) => {
  const { out } = rendering;
  const mode = rendering.name(rendering.field(object, 2));
  if (mode === undefined) return false;
  out.write(`<${rendering.field(object, 0) === 0 ? "closed" : "open"} file `);
  rendering.value(rendering.field(object, 1));
  out.write(`, mode '${plainText(mode)}' at ${hexAddress(object.address)}>`);
  return true;
};

export const fileRenderers: readonly (readonly [name: string, render: Renderer])[] = [
  ["_io.TextIOWrapper", renderTextFile],
  ["_io.BufferedReader", renderBufferedFile],
  ["_io.BufferedWriter", renderBufferedFile],
  ["_io.BufferedRandom", renderBufferedFile],
  ["_io.FileIO", renderRawFile],
  ["file", renderFile2],
];
