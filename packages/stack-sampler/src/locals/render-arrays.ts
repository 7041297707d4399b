import { ABSENT, decodeArray, decodeByteString, type Layout } from "@pyspy/cpython-layouts";
import { dtypeName, dtypeText } from "./array-dtype.js";
import { arrayDescriptor, arrayShape, shapeText } from "./array-shape.js";
import { floatText } from "./numbers.js";
import { dataFrameForms } from "./render-data-frames.js";
import { numpyScalarRenderers } from "./render-numpy-scalars.js";
import { writeCodePoints } from "./render-scalars.js";
import { renderTensor } from "./render-tensors.js";
import type { NamedRenderers, Renderer } from "./rendering.js";
import type { Spelling } from "./spelling.js";

/** `<numpy.ndarray shape=(2, 3) dtype=float64>` */
const renderNumpyArray: Renderer = (rendering, object) => {
  const shape = arrayShape(rendering, object);
  if (shape === undefined) return false;
  const descriptor = arrayDescriptor(rendering, object);
  const dtype = descriptor && dtypeName(rendering, descriptor);
  const { out } = rendering;
  out.mark(`<${object.type.fullName} shape=${shapeText(shape)} dtype=`);
  out.writeSome(dtype ?? "?");
  out.write(">");
  return true;
};

/** `dtype('float64')` */
const renderDtype: Renderer = (rendering, object) => {
  const text = dtypeText(rendering, object);
  if (text !== undefined) rendering.out.writeSome(text);
  return text !== undefined;
};

/** How an item of `array.array` is shown, and its size. */
interface ItemFormat {
  readonly size: number;
  readonly text: (view: DataView, at: number) => string;
}

function itemFormats(
  { int }: Layout,
  { longSuffix, floatDigits }: Spelling,
): ReadonlyMap<string, ItemFormat> {
  const signed = int.longSize === 8 ? "q" : "i";
  const formats = new Map<string, ItemFormat>([
    ["b", { size: 1, text: (view, at) => `${view.getInt8(at)}` }],
    ["B", { size: 1, text: (view, at) => `${view.getUint8(at)}` }],
    ["h", { size: 2, text: (view, at) => `${view.getInt16(at, true)}` }],
    ["H", { size: 2, text: (view, at) => `${view.getUint16(at, true)}` }],
    ["i", { size: 4, text: (view, at) => `${view.getInt32(at, true)}` }],
    ["I", { size: 4, text: (view, at) => `${view.getUint32(at, true)}${longSuffix}` }],
    ["q", { size: 8, text: (view, at) => `${view.getBigInt64(at, true)}` }],
    ["Q", { size: 8, text: (view, at) => `${view.getBigUint64(at, true)}${longSuffix}` }],
    ["f", { size: 4, text: (view, at) => floatText(view.getFloat32(at, true), floatDigits) }],
    ["d", { size: 8, text: (view, at) => floatText(view.getFloat64(at, true), floatDigits) }],
  ]);
  const [long, unsigned] = [formats.get(signed), formats.get(signed === "q" ? "Q" : "I")];
  if (long !== undefined && unsigned !== undefined) formats.set("l", long).set("L", unsigned);
  return formats;
}

/** Bytes of a `wchar_t`, or of a unit of text in 2.x. */
function wideSize({ unicode, unicode2 }: Layout): number {
  return unicode2.length === ABSENT ? unicode.wcharSize : unicode2.unitSize;
}

/** `array('i', [1, 2])` */
const renderArray: Renderer = (rendering, object) => {
  const { layout, objects, out, spelling } = rendering;
  const array = decodeArray(layout, object.bytes);
  if (array === undefined) return false;
  const { length: count, items: data } = array;
  const letter = decodeByteString(objects.bytes(array.description, 1));
  const name = spelling.namesSubclasses ? object.type.name : "array";
  if (!/^[a-zA-Z]$/.test(letter)) return false;
  if (count === 0) {
    out.write(`${name}('${letter}')`);
    return true;
  }
  const width = letter === "c" ? 1 : letter === "w" ? 4 : letter === "u" ? wideSize(layout) : 0;
  if (width > 0) {
    out.write(`${name}('${letter}', `);
    const isDone = writeCodePoints(rendering, data, count, width, letter === "c");
    if (!isDone) out.unreadable();
    out.write(")");
    return true;
  }
  const format = itemFormats(layout, spelling).get(letter);
  if (format === undefined) return false;
  const wanted = Math.min(count, Math.max(1, Math.ceil(out.room / 3)));
  const bytes = objects.bytes(data, wanted * format.size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offsets = Array.from(
    { length: Math.floor(bytes.length / format.size) },
    (_, index) => index * format.size,
  );
  out.items(`${name}('${letter}', [`, "])", count, offsets, (at) => out.write(format.text(view, at)));
  return true;
};

/** What is shown in a form of ours, whatever it says of itself: its type and what it is like. */
export const arrayForms: ReadonlyMap<string, Renderer> = new Map([
  ["numpy.ndarray", renderNumpyArray],
  ["torch.Tensor", renderTensor],
  ...dataFrameForms,
]);

export const arrayRenderers: NamedRenderers = [
  ["array.array", renderArray],
  ["numpy.dtype", renderDtype],
  ["numpy.dtypes.StringDType", renderDtype],
  ...numpyScalarRenderers,
];
