import {
  decodeException,
  decodeImportError,
  decodeOldClass,
  decodeOldInstance,
  tupleHeader,
} from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";

import { type Attribute, attributesOf, oldAttributesOf } from "./attributes.js";
import { hexAddress, plainText } from "./escapes.js";
import { findItem } from "./python-type.js";
import { pointersOf } from "./render-containers.js";
import type { NamedRenderers, RemoteObject, Renderer, Rendering } from "./rendering.js";

/** `<app.Point at 0x7f…>`, or with attributes `<app.Point at 0x7f…: x=1, y=2>`. */
export const renderInstance: Renderer = (rendering, object) => {
  const head = `<${object.type.fullName} at ${hexAddress(object.address)}`;
  writeInstance(rendering, object, head, () => attributesOf(rendering, object));
  return true;
};

/** An instance of an old-style class (2.x): `<app.Point instance at 0x7f…>`. */
export const renderOldInstance: Renderer = (rendering, object) => {
  const instance = decodeOldInstance(rendering.layout, object.bytes);
  const name = instance && oldClassName(rendering, instance.class)?.fullName;
  if (name === undefined) return false;
  writeInstance(rendering, object, `<${name} instance at ${hexAddress(object.address)}`, () =>
    oldAttributesOf(rendering, object),
  );
  return true;
};

/** An old-style class itself: `<class app.Point at 0x7f…>`. */
const renderOldClass: Renderer = (rendering, { address }) => {
  const name = oldClassName(rendering, address);
  if (name === undefined) return false;
  rendering.out.write(`<class ${name.fullName} at ${hexAddress(address)}>`);
  return true;
};

/** What an old-style class is called, without and with its module. */
export function oldClassName(
  rendering: Rendering,
  address: Address,
): { readonly name: string; readonly fullName: string } | undefined {
  const { layout, objects } = rendering;
  const type = decodeOldClass(layout, objects.object(address));
  const name = type && rendering.name(type.name);
  if (!name) return undefined;
  const module = rendering.name(findItem(objects, objects.dictEntries(type.dict), "__module__", 1024));
  const fullName = module === undefined ? name : `${module}.${name}`;
  return { name: plainText(name), fullName: plainText(fullName) };
}

/** Attributes cost reads, so they are looked for only where they are shown. */
function writeInstance(
  rendering: Rendering,
  object: RemoteObject,
  head: string,
  attributes: () => Iterable<Attribute>,
): void {
  const { out, limits, types } = rendering;
  rendering.guarded(object.address, `${head}>`, () => {
    if (rendering.attributeLevels >= limits.attributes) {
      out.mark(`${head}>`);
      return true;
    }
    out.write(head);
    rendering.attributeLevels += 1;
    writeAttributes(rendering, attributes());
    rendering.attributeLevels -= 1;
    // What C keeps of an object is no attribute.
    if (
      types
        .mro(object.type)
        .some((type) => type.isOfC && type.fullName !== "object" && type.kind !== "oldInstance")
    )
      out.complete = false;
    out.write(">");
    return true;
  });
}

function writeAttributes(rendering: Rendering, attributes: Iterable<Attribute>): void {
  let separator = ": ";
  for (const { name, value } of attributes) {
    rendering.out.write(separator);
    if (separator === ", " && rendering.out.room <= 2) {
      rendering.out.mark("...");
      return;
    }
    rendering.attribute(name, value);
    separator = ", ";
  }
}

/**
 * A kind of object that has been given a `__repr__` of its own, which cannot be run here: the type, and what the object
 * would look like without it.
 */
export function renderDisguised(rendering: Rendering, object: RemoteObject, render: Renderer): boolean {
  const { out } = rendering;
  out.mark(`<${object.type.fullName} at ${hexAddress(object.address)}: `);
  if (!render(rendering, object)) out.unreadable();
  out.write(">");
  return true;
}

/** `KeyError('a')` */
const renderException: Renderer = (rendering, object) => writeException(rendering, object, []);

/** `ImportError('…', name='app')` (3.15) */
const renderImportError: Renderer = (rendering, object) => {
  const error = decodeImportError(rendering.layout, object.bytes);
  if (error === undefined || !rendering.spelling.showsImportedName) return renderException(rendering, object);
  const named = [
    { name: "name", value: error.name },
    { name: "path", value: error.path },
  ].filter(({ value }) => value !== 0 && rendering.read(value)?.type.kind !== "none");
  return writeException(rendering, object, named);
};

interface Argument {
  readonly name?: string;
  readonly value: Address;
}

function writeException(rendering: Rendering, object: RemoteObject, named: readonly Argument[]): boolean {
  const { out, spelling } = rendering;
  const exception = decodeException(rendering.layout, object.bytes);
  const args = exception && rendering.read(exception.args);
  const header = args?.type.kind === "tuple" ? tupleHeader(rendering.layout, args.bytes) : undefined;
  if (args === undefined || header === undefined) return false;
  const isTuple = header.length !== 1 || spelling.hasCommaAfterOneArgument;
  const close = header.length === 1 && isTuple ? ",)" : ")";
  out.write(object.type.name);
  const write = (): boolean => {
    const values: Argument[] = pointersOf(rendering, args, header).map((value) => ({ value }));
    const total = header.length + named.length;
    out.items("(", close, total, [...values, ...named], ({ name, value }) => {
      if (name === undefined) rendering.value(value);
      else rendering.attribute(name, value);
    });
    return true;
  };
  // A single argument is shown without the tuple that it is in.
  return isTuple ? rendering.guarded(args.address, "(...)", write) : write();
}

export const instanceRenderers: NamedRenderers = [
  ["classobj", renderOldClass],
  ["BaseException", renderException],
  ["BaseExceptionGroup", renderException],
  ["exceptions.BaseException", renderException],
  ["ImportError", renderImportError],
];
