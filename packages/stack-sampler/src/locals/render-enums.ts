import type { Address } from "@pyspy/proc-memory";
import { attributeOf } from "./attributes.js";
import { plainText } from "./escapes.js";
import type { PythonType } from "./python-type.js";
import { qualnameAt } from "./render-callables.js";
import { isHiddenMember } from "./render-containers.js";
import { smallInteger } from "./render-scalars.js";
import { HIDDEN, type Renderer, type Rendering } from "./rendering.js";

/** `<Color.RED: 1>`, `<Permission.R|W: 6>` */
export const renderEnumMember: Renderer = (rendering, object) => {
  const { out, types, spelling } = rendering;
  const value = attributeOf(rendering, object, "_value_");
  if (value === 0) return false;
  const written = types.writtenRepr(object.type);
  const repr = written && qualnameAt(rendering, written.address);
  const isFlag = repr === "Flag.__repr__";
  // One that says something else of itself is shown as others are.
  if (repr !== "Enum.__repr__" && !isFlag) out.complete = false;
  const own = rendering.name(attributeOf(rendering, object, "_name_"));
  const name =
    own === undefined && isFlag && spelling.flagParts !== "named"
      ? namesOfParts(rendering, object.type, value)
      : own;
  out.write(`<${object.type.name}${name === undefined ? "" : `.${plainText(name)}`}: `);
  if (isHiddenMember(rendering, object) || (name !== undefined && rendering.limits.isHidden(name))) {
    out.mark(HIDDEN);
  } else rendering.value(value);
  out.write(">");
  return true;
};

/** A member of a flag that has been made: those with a name in the class body, and combinations that were in use. */
interface Flag {
  readonly name: string | undefined;
  readonly value: bigint;
}

/** Members of a flag that are looked at for those that a value is made of. */
const MAX_MEMBERS = 512;

/** `W|R` for a combination, which up to 3.10 has no name of its own (`_decompose` of Lib/enum.py). */
function namesOfParts(rendering: Rendering, type: PythonType, address: Address): string | undefined {
  const value = integerAt(rendering, address);
  const members = membersOf(rendering, type);
  if (value === undefined || members === undefined) return undefined;
  const isPart = (flag: Flag): boolean => flag.value !== 0n && (flag.value & value) === flag.value;
  const named = members.filter((flag) => flag.name !== undefined && isPart(flag));
  const covered = rendering.spelling.flagParts === "uncovered" ? named : [];
  const left = covered.reduce((bits, flag) => bits & ~flag.value, value);
  const single = members.filter(
    (flag) => flag.name === undefined && value >= 0n && isSingleBit(flag.value) && (flag.value & left) !== 0n,
  );
  const parts = [...named, ...single].sort((one, other) => (one.value < other.value ? 1 : -1));
  if (parts.length === 0) parts.push(...members.filter((flag) => flag.value === value));
  if (parts.length > 1 && parts[0]?.value === value) parts.shift();
  return parts.map((flag) => flag.name ?? String(flag.value)).join("|");
}

function isSingleBit(value: bigint): boolean {
  return value > 0n && (value & (value - 1n)) === 0n;
}

function membersOf(rendering: Rendering, type: PythonType): Flag[] | undefined {
  const { objects, types } = rendering;
  const flags: Flag[] = [];
  for (const { key, value } of objects.dictEntries(types.attribute(type, "_value2member_map_"))) {
    const number = integerAt(rendering, key);
    const member = rendering.read(value);
    if (number === undefined || member === undefined || flags.length >= MAX_MEMBERS) return undefined;
    flags.push({ name: rendering.name(attributeOf(rendering, member, "_name_")), value: number });
  }
  return flags;
}

function integerAt(rendering: Rendering, address: Address): bigint | undefined {
  const object = rendering.read(address);
  return object?.type.kind === "long" || object?.type.kind === "bool"
    ? smallInteger(rendering, object)
    : undefined;
}
