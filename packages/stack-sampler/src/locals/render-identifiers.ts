import { decodeZoneInfo } from "@pyspy/cpython-layouts";
import { memberObject, memberOf } from "./attributes.js";
import { plainText } from "./escapes.js";
import { integerOf } from "./render-numbers.js";
import { writeString } from "./render-scalars.js";
import type { NamedRenderers, RemoteObject, Renderer, Rendering } from "./rendering.js";

/** `UUID('12345678-1234-5678-1234-567812345678')` */
const renderUuid: Renderer = (rendering, object) => {
  const number = integerOf(rendering, memberObject(rendering, object, "int"));
  if (number === undefined || number < 0n) return false;
  const text = number
    .toString(16)
    .padStart(32, "0")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  rendering.out.write(`${rendering.isPython2 ? "UUID" : object.type.name}('${text}')`);
  return true;
};

/** `IPv4Address('10.0.0.1')` */
const renderAddress: Renderer = (rendering, object) => {
  const text = addressText(rendering, object);
  if (text === undefined) return false;
  rendering.out.write(`${object.type.name}(`);
  writeString(rendering, text);
  rendering.out.write(")");
  return true;
};

/** `IPv4Network('10.0.0.0/8')` */
const renderNetwork: Renderer = (rendering, object) => {
  const address = memberObject(rendering, object, "network_address");
  const text = address && addressText(rendering, address);
  const length = integerOf(rendering, memberObject(rendering, object, "_prefixlen"));
  if (text === undefined || length === undefined) return false;
  rendering.out.write(`${object.type.name}(`);
  writeString(rendering, `${text}/${length}`);
  rendering.out.write(")");
  return true;
};

function addressText(rendering: Rendering, object: RemoteObject): string | undefined {
  const names = rendering.types.mro(object.type).map(({ name }) => name);
  const number = integerOf(rendering, memberObject(rendering, object, "_ip"));
  // Of an interface the length of the prefix is shown, too.
  if (number === undefined || number < 0n || names.some((name) => name.endsWith("Interface")))
    return undefined;
  if (names.includes("IPv4Address")) {
    return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n).join(".");
  }
  // What stands for an IPv4 address looks like one in some versions.
  if (!names.includes("IPv6Address") || number >> 32n === 0xffffn) return undefined;
  const scopeId = rendering.name(memberOf(rendering, object, "_scope_id"));
  const text = shortened(
    Array.from({ length: 8 }, (_, index) => (number >> BigInt(112 - 16 * index)) & 0xffffn),
  );
  return scopeId ? `${text}%${scopeId}` : text;
}

/** Without the first of the longest rows of zeros, unless that is a single one. */
function shortened(groups: readonly bigint[]): string {
  let [start, length] = [0, 0];
  for (let from = 0; from < groups.length; from++) {
    const end = groups.findIndex((group, index) => index >= from && group !== 0n);
    const count = (end < 0 ? groups.length : end) - from;
    if (count > length) [start, length] = [from, count];
  }
  const text = (part: readonly bigint[]): string => part.map((group) => group.toString(16)).join(":");
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

/** `zoneinfo.ZoneInfo(key='Europe/Berlin')` of C */
const renderZone: Renderer = (rendering, object) => {
  const zone = decodeZoneInfo(rendering.layout, object.bytes);
  if (zone === undefined || rendering.read(zone.key)?.type.kind !== "unicode") return false;
  rendering.out.write(`${object.type.tpName}(key=`);
  rendering.value(zone.key);
  rendering.out.write(")");
  return true;
};

/** Names of levels that `logging` begins with; a program can give others. */
const levelNames: ReadonlyMap<bigint, string> = new Map([
  [50n, "CRITICAL"],
  [40n, "ERROR"],
  [30n, "WARNING"],
  [20n, "INFO"],
  [10n, "DEBUG"],
  [0n, "NOTSET"],
]);

const MAX_LOGGERS = 64;

/** `<Logger app.db (WARNING)>`: the level is that of the first one up to the root that has one. */
const renderLogger: Renderer = (rendering, object) => {
  const text = rendering.name(memberOf(rendering, object, "name"));
  let level: bigint | undefined = 0n;
  let next: RemoteObject | undefined = object;
  for (let count = 0; next !== undefined && level === 0n && count < MAX_LOGGERS; count++) {
    level = integerOf(rendering, memberObject(rendering, next, "level"));
    next = memberObject(rendering, next, "parent");
  }
  const levelName = level === undefined ? undefined : levelNames.get(level);
  if (text === undefined || levelName === undefined) return false;
  rendering.out.write(`<${object.type.name} ${plainText(text)} (${levelName})>`);
  return true;
};

/** `<Popen: returncode: None args: ['make']>`, of which Python shows 80 characters. */
const renderChild: Renderer = (rendering, object) => {
  const { out } = rendering;
  const [code, args] = [memberOf(rendering, object, "returncode"), memberOf(rendering, object, "args")];
  if (code === 0 || args === 0) return false;
  const start = out.text.length;
  out.write(`<${object.type.name}: returncode: `);
  rendering.value(code);
  out.write(" args: ");
  rendering.named("args", args);
  out.write(">");
  rendering.cut(start, 80, "...>");
  return true;
};

export const identifierRenderers: NamedRenderers = [["zoneinfo.ZoneInfo", renderZone]];

export const writtenIdentifierRenderers: NamedRenderers = [
  ["uuid.UUID", renderUuid],
  ["ipaddress._BaseAddress", renderAddress],
  ["ipaddress._BaseNetwork", renderNetwork],
  ["logging.Logger", renderLogger],
  ["logging.RootLogger", renderLogger],
  ["subprocess.Popen", renderChild],
];
