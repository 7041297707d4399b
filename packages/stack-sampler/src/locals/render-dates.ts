/** Dates and times of C's `datetime`. */
import {
  type DateFields,
  decodeDate,
  decodeDateTime,
  decodeTime,
  decodeTimeDelta,
  decodeTimeZone,
  type TimeDelta,
  type TimeFields,
} from "@pyspy/cpython-layouts";
import type { NamedRenderers, RemoteObject, Renderer, Rendering } from "./rendering.js";

/** `datetime.date(2024, 2, 29)` */
const renderDate: Renderer = ({ layout, out }, { bytes, type }) => {
  const date = decodeDate(layout, bytes);
  if (date === undefined) return false;
  out.write(`${type.tpName}(${dateFields(date).join(", ")})`);
  return true;
};

/** `datetime.datetime(2024, 2, 29, 12, 30)` */
const renderDateTime: Renderer = (rendering, object) => {
  const moment = decodeDateTime(rendering.layout, object.bytes);
  if (moment === undefined) return false;
  writeMoment(rendering, object, moment, [...dateFields(moment), ...timeFields(moment)]);
  return true;
};

/** `datetime.time(12, 30)` */
const renderTime: Renderer = (rendering, object) => {
  const time = decodeTime(rendering.layout, object.bytes);
  if (time === undefined) return false;
  writeMoment(rendering, object, time, timeFields(time));
  return true;
};

function dateFields({ year, month, day }: DateFields): number[] {
  return [year, month, day];
}

/** Seconds and microseconds only as far as they are not 0. */
function timeFields({ hour, minute, second, microsecond }: TimeFields): number[] {
  if (microsecond !== 0) return [hour, minute, second, microsecond];
  return second === 0 ? [hour, minute] : [hour, minute, second];
}

function writeMoment(
  rendering: Rendering,
  { type }: RemoteObject,
  { fold, timeZone }: TimeFields,
  fields: readonly number[],
): void {
  const { out } = rendering;
  out.write(`${type.tpName}(${fields.join(", ")}`);
  if (fold === 1) out.write(", fold=1");
  if (timeZone !== 0) {
    out.write(", tzinfo=");
    rendering.value(timeZone);
  }
  out.write(")");
}

/** `datetime.timedelta(days=1, seconds=30)` */
const renderTimeDelta: Renderer = ({ layout, out, spelling }, { bytes, type }) => {
  const delta = decodeTimeDelta(layout, bytes);
  if (delta === undefined) return false;
  out.write(`${type.tpName}(${deltaFields(delta, spelling.namesTimeDeltaFields)})`);
  return true;
};

function deltaFields({ days, seconds, microseconds }: TimeDelta, hasNames: boolean): string {
  const values = [days, seconds, microseconds];
  if (!hasNames)
    return values.slice(0, Math.max(values.findLastIndex((value) => value !== 0) + 1, 1)).join(", ");
  const names = ["days", "seconds", "microseconds"];
  const fields = values.flatMap((value, index) => (value === 0 ? [] : [`${names[index]}=${value}`]));
  return fields.length === 0 ? "0" : fields.join(", ");
}

/** `datetime.timezone.utc`, `datetime.timezone(datetime.timedelta(seconds=3600), 'CET')` */
const renderTimeZone: Renderer = (rendering, object) => {
  const { layout, objects, out } = rendering;
  const zone = decodeTimeZone(layout, object.bytes);
  const delta = zone && decodeTimeDelta(layout, objects.object(zone.offset));
  if (zone === undefined || delta === undefined) return false;
  if (zone.name === 0 && isNone(delta)) {
    out.write(`${object.type.tpName}.utc`);
    return true;
  }
  out.write(`${object.type.tpName}(`);
  rendering.value(zone.offset);
  if (zone.name !== 0) {
    out.write(", ");
    rendering.value(zone.name);
  }
  out.write(")");
  return true;
};

/** True of no time at all. */
export function isNone({ days, seconds, microseconds }: TimeDelta): boolean {
  return days === 0 && seconds === 0 && microseconds === 0;
}

export const dateRenderers: NamedRenderers = [
  ["datetime.date", renderDate],
  ["datetime.datetime", renderDateTime],
  ["datetime.time", renderTime],
  ["datetime.timedelta", renderTimeDelta],
  ["datetime.timezone", renderTimeZone],
];
