import type { RemoteObject, Renderer, Rendering } from "./rendering.js";

/**
 * Dates and times of C's `datetime`. Behind the header are a hash, a byte that says whether there is a time zone, the
 * packed fields, since 3.6 a byte for the fold, and the time zone if there is one.
 */
interface Packed {
  readonly view: DataView;
  /** Offset of the byte about the time zone. */
  readonly start: number;
}

function packedOf({ layout }: Rendering, { bytes }: RemoteObject): Packed | undefined {
  const start = layout.object.size + layout.pointerSize;
  if (bytes.length < start + 32) return undefined;
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), start };
}

/** `datetime.date(2024, 2, 29)` */
export const renderDate: Renderer = (rendering, object) => {
  const packed = packedOf(rendering, object);
  if (packed === undefined) return false;
  rendering.out.write(`${object.type.tpName}(${dateFields(packed).join(", ")})`);
  return true;
};

/** `datetime.datetime(2024, 2, 29, 12, 30)` */
export const renderDateTime: Renderer = (rendering, object) => {
  const packed = packedOf(rendering, object);
  if (packed === undefined) return false;
  writeMoment(rendering, object, packed, [...dateFields(packed), ...timeFields(packed, 5)], 11);
  return true;
};

/** `datetime.time(12, 30)` */
export const renderTime: Renderer = (rendering, object) => {
  const packed = packedOf(rendering, object);
  if (packed === undefined) return false;
  writeMoment(rendering, object, packed, timeFields(packed, 1), 7);
  return true;
};

function dateFields({ view, start }: Packed): number[] {
  return [view.getUint16(start + 1), view.getUint8(start + 3), view.getUint8(start + 4)];
}

/** Seconds and microseconds only as far as they are not 0. */
function timeFields({ view, start }: Packed, offset: number): number[] {
  const at = start + offset;
  const microseconds = view.getUint16(at + 3) * 256 + view.getUint8(at + 5);
  const fields = [view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), microseconds];
  return microseconds !== 0 ? fields : fields.slice(0, fields[2] === 0 ? 2 : 3);
}

function writeMoment(
  rendering: Rendering,
  object: RemoteObject,
  { view, start }: Packed,
  fields: readonly number[],
  foldOffset: number,
): void {
  const { out, objects, layout, isPython2 } = rendering;
  out.write(`${object.type.tpName}(${fields.join(", ")}`);
  if (!isPython2 && view.getUint8(start + foldOffset) === 1) out.write(", fold=1");
  if (view.getUint8(start) !== 0) {
    const { pointerSize } = layout;
    const place = Math.ceil((start + foldOffset + 1) / pointerSize) * pointerSize;
    out.write(", tzinfo=");
    rendering.value(objects.pointerIn(object.bytes, place));
  }
  out.write(")");
}

/** `datetime.timedelta(days=1, seconds=30)` */
export const renderTimeDelta: Renderer = (rendering, object) => {
  const packed = packedOf(rendering, object);
  if (packed === undefined) return false;
  const { view, start } = packed;
  const values = [view.getInt32(start, true), view.getInt32(start + 4, true), view.getInt32(start + 8, true)];
  rendering.out.write(
    `${object.type.tpName}(${deltaFields(values, rendering.spelling.namesTimeDeltaFields)})`,
  );
  return true;
};

function deltaFields(values: readonly number[], hasNames: boolean): string {
  if (!hasNames)
    return values.slice(0, Math.max(values.findLastIndex((value) => value !== 0) + 1, 1)).join(", ");
  const names = ["days", "seconds", "microseconds"];
  const fields = values.flatMap((value, index) => (value === 0 ? [] : [`${names[index]}=${value}`]));
  return fields.length === 0 ? "0" : fields.join(", ");
}

/** `datetime.timezone.utc`, `datetime.timezone(datetime.timedelta(seconds=3600), 'CET')`: a time difference and a name. */
export const renderTimeZone: Renderer = (rendering, object) => {
  const { out } = rendering;
  const [offset, name] = [rendering.field(object, 0), rendering.field(object, 1)];
  const delta = rendering.read(offset);
  const packed = delta && packedOf(rendering, delta);
  if (packed === undefined) return false;
  const { view, start } = packed;
  const isZero = [0, 4, 8].every((field) => view.getInt32(start + field, true) === 0);
  if (isZero && name === 0) {
    out.write(`${object.type.tpName}.utc`);
    return true;
  }
  out.write(`${object.type.tpName}(`);
  rendering.value(offset);
  if (name !== 0) {
    out.write(", ");
    rendering.value(name);
  }
  out.write(")");
  return true;
};
