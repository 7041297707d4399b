import { ABSENT, decodeCell, decodeFunction, decodeGenerator } from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { UNREADABLE } from "../python/remote-text.js";
import { attributeOf } from "./attributes.js";
import { hexAddress, plainText } from "./escapes.js";
import { findItem, isEnum } from "./python-type.js";
import { oldClassName } from "./render-instances.js";
import { smallInteger } from "./render-scalars.js";
import type { RemoteObject, Renderer, Rendering } from "./rendering.js";

/** `<class 'app.Point'>`, `<enum 'Colour'>` */
export const renderType: Renderer = ({ types, out, spelling }, { address }) => {
  const type = types.at(address);
  if (type === undefined) return false;
  if (isEnum(types, type)) {
    const isFlag = spelling.namesFlags && types.mro(type).some(({ fullName }) => fullName === "enum.Flag");
    out.write(`<${isFlag ? "flag" : "enum"} '${type.name}'>`);
    return true;
  }
  out.write(`<${type.isStatic ? spelling.builtinType : "class"} '${type.fullName}'>`);
  return true;
};

/** `<function area at 0x7f…>` */
export const renderFunction: Renderer = (rendering, { address, bytes }) => {
  const header = decodeFunction(rendering.layout, bytes);
  if (header === undefined) return false;
  rendering.out.write(`<function ${nameAt(rendering, header.qualname)} at ${hexAddress(address)}>`);
  return true;
};

/** `<built-in function len>`, `<built-in method append of list object at 0x7f…>`: the definition, self. */
export const renderBuiltin: Renderer = (rendering, object) => {
  const { out } = rendering;
  const name = builtinName(rendering, object);
  if (name === undefined) return false;
  const self = rendering.field(object, 1);
  const of = self === 0 ? undefined : rendering.read(self);
  if (self === 0 || of?.type.fullName === "module") out.write(`<built-in function ${name}>`);
  else {
    const type = of === undefined ? UNREADABLE : of.type.tpName;
    out.write(`<built-in method ${name} of ${type} object at ${hexAddress(self)}>`);
  }
  return true;
};

/** Its definition begins with the name. */
function builtinName(rendering: Rendering, object: RemoteObject): string | undefined {
  const { objects } = rendering;
  const name = objects.cString(objects.pointer(rendering.field(object, 0)));
  return name === undefined ? undefined : plainText(name);
}

/** `<bound method Point.area of <app.Point at 0x7f…>>`: the function, self, and in 2.x the class. */
export const renderMethod: Renderer = (rendering, object) => {
  const { out, spelling } = rendering;
  const self = rendering.field(object, 1);
  const called = qualnameAt(rendering, rendering.field(object, 0)) ?? "?";
  const owner = spelling.namesBoundMethodsByClass
    ? classNameAt(rendering, rendering.field(object, 2))
    : undefined;
  const name = spelling.namesBoundMethodsByClass ? `${owner ?? "?"}.${called}` : called;
  if (self === 0) out.write(`<unbound method ${name}>`);
  else {
    out.write(`<bound method ${name} of `);
    rendering.value(self);
    out.write(">");
  }
  return true;
};

/** `__qualname__` of a function or class at an address, or its `__name__` in 2.x; undefined if it is something else. */
export function qualnameAt(rendering: Rendering, address: Address): string | undefined {
  const object = rendering.read(address);
  if (object === undefined) return undefined;
  const { kind, fullName } = object.type;
  if (kind === "type") return rendering.types.at(address)?.qualname;
  if (fullName === "classobj") return oldClassName(rendering, address)?.name;
  if (fullName === "builtin_function_or_method") return builtinName(rendering, object);
  const header = kind === "function" ? decodeFunction(rendering.layout, object.bytes) : undefined;
  return header && nameAt(rendering, header.qualname);
}

/** The name of a class of either style (2.x). */
function classNameAt(rendering: Rendering, address: Address): string | undefined {
  const type = rendering.read(address)?.type;
  if (type?.kind === "type") return rendering.types.at(address)?.name;
  return type?.fullName === "classobj" ? oldClassName(rendering, address)?.name : undefined;
}

/** `<code object area at 0x7f…, file "app.py", line 3>` */
export const renderCode: Renderer = (rendering, { address }) => {
  const { layout, objects, out } = rendering;
  const bytes = objects.bytes(address, layout.code.size);
  if (bytes.length < layout.code.size) return false;
  const name = nameAt(rendering, objects.pointerIn(bytes, layout.code.co_name));
  const file = nameAt(rendering, objects.pointerIn(bytes, layout.code.co_filename));
  const line = new DataView(bytes.buffer, bytes.byteOffset).getInt32(layout.code.co_firstlineno, true);
  out.write(`<code object ${name} at ${hexAddress(address)}, file "${file}", line ${line}>`);
  return true;
};

/** `<generator object walk at 0x7f…>`, also coroutines and asynchronous generators. */
export const renderGenerator: Renderer = (rendering, { address, bytes, type }) => {
  const { layout, objects, out } = rendering;
  const header = decodeGenerator(layout, bytes);
  if (header === undefined) return false;
  const { gi_running } = layout.generator;
  let name = "";
  if (header.qualname !== 0) name = `${nameAt(rendering, header.qualname)} `;
  else if (gi_running !== ABSENT) {
    // gi_code, since 2.6; before there is no such field, nor the name in the text.
    const code = rendering.read(objects.pointerIn(bytes, gi_running + layout.pointerSize));
    if (code?.type.name === "code") {
      name = `${nameAt(rendering, objects.pointer(code.address + layout.code.co_name))} `;
    }
  }
  out.write(`<${type.name} object ${name}at ${hexAddress(address)}>`);
  return true;
};

/** `<cell at 0x7f…: int object at 0x7f…>` */
export const renderCell: Renderer = (rendering, { address, bytes }) => {
  const contents = decodeCell(rendering.layout, bytes);
  if (contents === undefined) return false;
  const held = contents === 0 ? undefined : rendering.read(contents);
  const of =
    contents === 0
      ? "empty"
      : `${held === undefined ? UNREADABLE : held.type.tpName} object at ${hexAddress(contents)}`;
  rendering.out.write(`<cell at ${hexAddress(address)}: ${of}>`);
  return true;
};

/** Items of a module that are looked through: in 3.6 and later the first ones are what the import system set. */
const MAX_MODULE_ITEMS = 4096;

/** `<module 'json' from '/usr/lib/python3/json/__init__.py'>`, `<module 'sys' (built-in)>` */
export const renderModule: Renderer = (rendering, object) => {
  const { objects, out } = rendering;
  const dict = rendering.field(object, 0);
  const item = (name: string): Address =>
    findItem(objects, objects.dictEntries(dict), name, MAX_MODULE_ITEMS);
  const name = item("__name__");
  if (name === 0) return false;
  const spec = rendering.isPython2 ? undefined : rendering.read(item("__spec__"));
  const hasSpec = spec?.type.name === "ModuleSpec";
  out.write("<module ");
  rendering.value(name);
  const file = hasSpec ? attributeOf(rendering, spec, "origin") : item("__file__");
  const isLocated = !hasSpec || isTrue(rendering, attributeOf(rendering, spec, "_set_fileattr"));
  const isKnown = file !== 0 && rendering.read(file)?.type.kind !== "none";
  if (isKnown && isLocated) {
    out.write(" from ");
    rendering.value(file);
  } else if (isKnown) out.write(` (${nameAt(rendering, file)})`);
  else out.write(originOf(rendering, hasSpec ? attributeOf(rendering, spec, "loader") : 0));
  out.write(">");
  return true;
};

/** What a module that is in no file says of where it is from. */
function originOf({ types, isPython2 }: Rendering, loader: Address): string {
  if (loader === 0) return isPython2 ? " (built-in)" : "";
  const name = types.at(loader)?.name;
  return name === "BuiltinImporter" ? " (built-in)" : name === "FrozenImporter" ? " (frozen)" : "";
}

function isTrue(rendering: Rendering, address: Address): boolean {
  const object = address === 0 ? undefined : rendering.read(address);
  return object?.type.kind === "bool" && smallInteger(rendering, object) === 1n;
}

export function nameAt(rendering: Rendering, address: Address): string {
  const name = rendering.name(address);
  return name === undefined ? UNREADABLE : plainText(name);
}
