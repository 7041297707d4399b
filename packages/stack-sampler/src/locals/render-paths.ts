import { listHeader } from "@pyspy/cpython-layouts";
import { memberObject, memberOf } from "./attributes.js";
import { writeString } from "./render-scalars.js";
import type { NamedRenderers, RemoteObject, Renderer, Rendering } from "./rendering.js";

/** `PosixPath('/etc/hosts')`: its text if that was made, or the parts that it is made of, or (3.12+) what it was given. */
const renderPath: Renderer = (rendering, object) => {
  const isWindows = rendering.types.mro(object.type).some(({ name }) => name === "PureWindowsPath");
  const text =
    textOf(rendering, object, "_str") ??
    joinedParts(rendering, object, isWindows ? "\\" : "/") ??
    (isWindows ? undefined : joinedArguments(listOf(rendering, object, "_raw_paths")));
  if (text === undefined) return false;
  rendering.out.write(`${object.type.name}(`);
  writeString(rendering, isWindows ? text.replaceAll("\\", "/") : text);
  rendering.out.write(")");
  return true;
};

/** Up to 3.11 the first of the parts is the drive and the root. */
function joinedParts(rendering: Rendering, object: RemoteObject, separator: string): string | undefined {
  const drive = textOf(rendering, object, "_drv");
  const root = textOf(rendering, object, "_root");
  if (drive === undefined || root === undefined) return undefined;
  const anchor = drive + root;
  const parts = listOf(rendering, object, "_parts")?.slice(anchor === "" ? 0 : 1);
  const tail = parts ?? listOf(rendering, object, "_tail_cached");
  return tail && (anchor + tail.join(separator) || ".");
}

/** As `posixpath.join` and `PurePath._parse_path` do. */
function joinedArguments(paths: readonly string[] | undefined): string | undefined {
  if (paths === undefined) return undefined;
  const whole = paths
    .slice(
      Math.max(
        paths.findLastIndex((path) => path.startsWith("/")),
        0,
      ),
    )
    .join("/");
  const root = /^\/\/(?!\/)/.test(whole) ? "//" : whole.startsWith("/") ? "/" : "";
  const tail = whole.split("/").filter((part) => part !== "" && part !== ".");
  return root + tail.join("/") || ".";
}

function textOf(rendering: Rendering, object: RemoteObject, name: string): string | undefined {
  return rendering.name(memberOf(rendering, object, name), MAX_PATH);
}

const MAX_PATH = 2 ** 15;

function listOf(rendering: Rendering, object: RemoteObject, name: string): string[] | undefined {
  const list = memberObject(rendering, object, name);
  const header = list?.type.kind === "list" ? listHeader(rendering.layout, list.bytes) : undefined;
  if (list === undefined || header === undefined || header.length > MAX_PARTS) return undefined;
  const { objects, layout } = rendering;
  const data = objects.data(list.address, list.bytes, header, MAX_PARTS * layout.pointerSize);
  const texts: string[] = [];
  for (let offset = 0; offset < data.length; offset += layout.pointerSize) {
    const text = rendering.name(objects.pointerIn(data, offset), MAX_PATH);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return texts.length === header.length ? texts : undefined;
}

const MAX_PARTS = 256;

export const pathRenderers: NamedRenderers = [
  ["pathlib.PurePath", renderPath],
  ["pathlib._local.PurePath", renderPath],
];
