import { basename, extname } from "node:path";

/**
 * The file name for people who gave none: `python3-2026-01-31T235959.svg`, in local time and without colons, which
 * not every file system takes.
 */
export function defaultOutputPath(subject: string, extension: string, time: Date): string {
  // A leading dash would read as an option, a leading dot would hide the file; names are limited to 255 bytes.
  const name = basename(subject)
    .replace(/[^\p{L}\p{N}._+-]/gu, "_")
    .replace(/^[-.]+/, "");
  return `${[...name].slice(0, 50).join("") || "profile"}-${timeOfFile(time)}.${extension}`;
}

/** One of several files of the same name: `today.pyspy` becomes `today-2026-01-31T235959.pyspy`. */
export function timedPath(path: string, extension: string, time: Date, kind = ""): string {
  return withSuffix(path, extension, `-${kind}${timeOfFile(time)}`);
}

/** `suffix` before the extension: `extension`, or the one that there is instead. */
export function withSuffix(path: string, extension: string, suffix: string): string {
  const ending = path.toLowerCase().endsWith(`.${extension}`) ? `.${extension}` : extname(path);
  const stem = path.slice(0, path.length - ending.length);
  return `${stem}${suffix}${path.slice(stem.length)}`;
}

/** `2026-01-31T235959`, in local time. */
function timeOfFile(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day}T${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`;
}
