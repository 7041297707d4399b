/**
 * Dates and times of C's `datetime`: Include/datetime.h, and Modules/_datetimemodule.c for time zones. Behind the header
 * are a hash, a byte that says whether there is a time zone, and the fields without any padding, the higher bytes first.
 * Then comes, since 3.6, a byte for the fold, and the time zone if there is one.
 */
import type { Layout } from "../layout.js";
import { viewOf, wordAt } from "../object-view.js";
import { wordOffset, wordsOf } from "./words.js";

export interface DateFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export interface TimeFields {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
  /** 1 of the later one of two times that a clock shows twice. */
  readonly fold: number;
  /** Address of the time zone, or 0. */
  readonly timeZone: number;
}

/** Bytes of the fields. */
const DATE_SIZE = 4;
const TIME_SIZE = 6;

/** A `datetime.date` (`PyDateTime_Date`); undefined if the bytes are too few. */
export function decodeDate(layout: Layout, object: Uint8Array): DateFields | undefined {
  const start = flagOffset(layout) + 1;
  return object.length < start + DATE_SIZE ? undefined : dateAt(viewOf(object), start);
}

/** A `datetime.time` (`PyDateTime_Time`); undefined if the bytes are too few. */
export function decodeTime(layout: Layout, object: Uint8Array): TimeFields | undefined {
  return timeAt(layout, object, flagOffset(layout) + 1);
}

/** A `datetime.datetime` (`PyDateTime_DateTime`); undefined if the bytes are too few. */
export function decodeDateTime(layout: Layout, object: Uint8Array): (DateFields & TimeFields) | undefined {
  const start = flagOffset(layout) + 1;
  const time = timeAt(layout, object, start + DATE_SIZE);
  return time && { ...dateAt(viewOf(object), start), ...time };
}

/** Of the byte about the time zone. */
function flagOffset(layout: Layout): number {
  return wordOffset(layout, 1);
}

function dateAt(view: DataView, start: number): DateFields {
  return { year: view.getUint16(start), month: view.getUint8(start + 2), day: view.getUint8(start + 3) };
}

function timeAt(layout: Layout, object: Uint8Array, start: number): TimeFields | undefined {
  const { pointerSize, library } = layout;
  const foldAt = start + TIME_SIZE;
  if (object.length <= foldAt) return undefined;
  const view = viewOf(object);
  const hasTimeZone = view.getUint8(flagOffset(layout)) !== 0;
  const timeZoneAt = Math.ceil((foldAt + 1) / pointerSize) * pointerSize;
  if (hasTimeZone && object.length < timeZoneAt + pointerSize) return undefined;
  return {
    hour: view.getUint8(start),
    minute: view.getUint8(start + 1),
    second: view.getUint8(start + 2),
    microsecond: view.getUint16(start + 3) * 256 + view.getUint8(start + 5),
    fold: library.hasFold ? view.getUint8(foldAt) : 0,
    timeZone: hasTimeZone ? wordAt(layout, view, timeZoneAt) : 0,
  };
}

export interface TimeDelta {
  readonly days: number;
  readonly seconds: number;
  readonly microseconds: number;
}

/** A `datetime.timedelta` (`PyDateTime_Delta`): a hash and three ints. Undefined if the bytes are too few. */
export function decodeTimeDelta(layout: Layout, object: Uint8Array): TimeDelta | undefined {
  const start = wordOffset(layout, 1);
  if (object.length < start + 12) return undefined;
  const view = viewOf(object);
  return {
    days: view.getInt32(start, true),
    seconds: view.getInt32(start + 4, true),
    microseconds: view.getInt32(start + 8, true),
  };
}

/** A `datetime.timezone` (`PyDateTime_TimeZone`, 3.2+): addresses of a time difference, and of a name or 0. */
export const decodeTimeZone = wordsOf({ offset: 0, name: 1 });

/** A `zoneinfo.ZoneInfo` of C (`PyZoneInfo_ZoneInfo`, Modules/_zoneinfo.c, 3.9+): the address of its key. */
export const decodeZoneInfo = wordsOf({ key: 0 });
