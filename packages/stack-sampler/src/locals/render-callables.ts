import {
  decodeBuiltin,
  decodeCell,
  decodeFunction,
  decodeGenerator,
  decodeMethod,
  decodeMethod2,
  decodeModule,
} from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { UNREADABLE } from "../python/remote-text.js";
import { attributeOf } from "./attributes.js";
import { hexAddress, plainText } from "./escapes.js";
import { findItem, isEnum } from "./python-type.js";
import { oldClassName } from "./render-instances.js";
import { smallInteger } from "./render-scalars.js";
import type { NamedRenderers, Renderer, Rendering } from "./rendering.js";

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

/** `<built-in function len>`, `<built-in method append of list object at 0x7f…>` */
const renderBuiltin: Renderer = (rendering, object) => {
  const { out } = rendering;
  const builtin = decodeBuiltin(rendering.layout, object.bytes);
  const name = builtin && builtinName(rendering, builtin);
  if (builtin === undefined || name === undefined) return false;
  const { self } = builtin;
  const of = self === 0 ? undefined : rendering.read(self);
  if (self === 0 || of?.type.fullName === "module") out.write(`<built-in function ${name}>`);
  else {
    const type = of === undefined ? UNREADABLE : of.type.tpName;
    out.write(`<built-in method ${name} of ${type} object at ${hexAddress(self)}>`);
  }
  return true;
};

function builtinName(
  { objects }: Rendering,
  { definition }: { readonly definition: Address },
): string | undefined {
  const name = objects.cString(objects.pointer(definition));
  return name === undefined ? undefined : plainText(name);
}

/** `<bound method Point.area of <app.Point at 0x7f…>>` */
const renderMethod: Renderer = (rendering, object) => {
  const { layout, out, spelling } = rendering;
  const method = decodeMethod(layout, object.bytes);
  if (method === undefined) return false;
  const called = qualnameAt(rendering, method.function) ?? "?";
  const owner = spelling.namesBoundMethodsByClass ? decodeMethod2(layout, object.bytes)?.class : undefined;
  const name = owner === undefined ? called : `${classNameAt(rendering, owner) ?? "?"}.${called}`;
  if (method.self === 0) out.write(`<unbound method ${name}>`);
  else {
    out.write(`<bound method ${name} of `);
    rendering.value(method.self);
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
  if (fullName === "builtin_function_or_method") {
    const builtin = decodeBuiltin(rendering.layout, object.bytes);
    return builtin && builtinName(rendering, builtin);
  }
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
const renderCode: Renderer = (rendering, { address }) => {
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
  let name = "";
  if (header.qualname !== 0) name = `${nameAt(rendering, header.qualname)} `;
  else if (header.code !== 0) {
    const code = rendering.read(header.code);
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
const renderModule: Renderer = (rendering, object) => {
  const { objects, out } = rendering;
  const module = decodeModule(rendering.layout, object.bytes);
  if (module === undefined) return false;
  const item = (name: string): Address =>
    findItem(objects, objects.dictEntries(module.dict), name, MAX_MODULE_ITEMS);
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

export const callableRenderers: NamedRenderers = [
  ["module", renderModule],
  ["builtin_function_or_method", renderBuiltin],
  ["method", renderMethod],
  ["instancemethod", renderMethod],
  ["code", renderCode],
];
