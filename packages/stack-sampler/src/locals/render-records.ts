/** What shows itself as a call with its fields: `Point(x=1, y=2)`. */
import { decodeCell, decodeFunction } from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { type Attribute, attributesOf, memberObject, memberOf } from "./attributes.js";
import type { ObjectReader } from "./object-reader.js";
import { type PythonType, tupleItems, type WrittenRepr } from "./python-type.js";
import { writeValues } from "./render-containers.js";
import { smallInteger } from "./render-scalars.js";
import type { RemoteObject, Renderer, Rendering } from "./rendering.js";

/** Fields of a class that are looked at. */
const MAX_FIELDS = 1024;

/** The renderer for a `__repr__` that a library has written for a class by its fields; undefined if it is no such one. */
export function renderWrittenRecord(
  { types, objects }: Rendering,
  { owner, address }: WrittenRepr,
): Renderer | undefined {
  const dataFields = types.attribute(owner, "__dataclass_fields__");
  if (dataFields !== 0 && isMadeByDataclasses(objects, address)) {
    return recordWith((rendering) => dataclassFields(rendering, dataFields), longName);
  }
  const attrsFields = types.attribute(owner, "__attrs_attrs__");
  if (attrsFields === 0 || !fileOf(objects, address)?.startsWith("<attrs generated")) return undefined;
  return recordWith((rendering) => attrsFieldsOf(rendering, attrsFields), nameWithoutFunctions);
}

/**
 * A dataclass has a function around the one that was made for it, which finds out whether it is in itself; the inner one
 * was in no file.
 */
function isMadeByDataclasses(objects: ObjectReader, address: Address): boolean {
  const { layout } = objects;
  if (!/\b(dataclasses|reprlib)\.py$/.test(fileOf(objects, address) ?? "")) return false;
  const closure = decodeFunction(layout, objects.object(address))?.closure ?? 0;
  return tupleItems(objects, closure, 8).some((cell) => {
    const inner = decodeCell(layout, objects.object(cell)) ?? 0;
    return inner !== 0 && fileOf(objects, inner) === "<string>";
  });
}

/** Where the code of what should be a function is from. */
function fileOf(objects: ObjectReader, address: Address): string | undefined {
  const code = decodeFunction(objects.layout, objects.object(address))?.code ?? 0;
  return code === 0 ? undefined : objects.name(objects.pointer(code + objects.layout.code.co_filename));
}

/** Names of the fields that are shown: those that are neither of the class nor of `__init__` alone, unless `repr=False`. */
function dataclassFields(rendering: Rendering, fields: Address): string[] | undefined {
  const names: string[] = [];
  for (const { key, value } of rendering.objects.dictEntries(fields)) {
    const field = rendering.read(value);
    const name = rendering.name(key);
    const kind = field && memberObject(rendering, field, "_field_type");
    const kindName = kind && rendering.name(memberOf(rendering, kind, "name"));
    if (field === undefined || name === undefined || kindName === undefined || names.length > MAX_FIELDS)
      return undefined;
    const isShown = flagOf(rendering, field, "repr");
    if (isShown === undefined) return undefined;
    if (isShown && kindName === "_FIELD") names.push(name);
  }
  return names;
}

function attrsFieldsOf(rendering: Rendering, fields: Address): string[] | undefined {
  const names: string[] = [];
  for (const address of tupleItems(rendering.objects, fields, MAX_FIELDS)) {
    const field = rendering.read(address);
    const name = field && rendering.name(memberOf(rendering, field, "name"));
    // It can be a function as well.
    const isShown = field && flagOf(rendering, field, "repr");
    if (name === undefined || isShown === undefined) return undefined;
    if (isShown) names.push(name);
  }
  return names;
}

function flagOf(rendering: Rendering, object: RemoteObject, name: string): boolean | undefined {
  const flag = memberObject(rendering, object, name);
  return flag?.type.kind === "bool" ? smallInteger(rendering, flag) === 1n : undefined;
}

function recordWith(
  namesOf: (rendering: Rendering) => readonly string[] | undefined,
  titleOf: (type: PythonType) => string,
): Renderer {
  return (rendering, object) => {
    const fields = namesOf(rendering)?.map((name) => ({ name, value: fieldOf(rendering, object, name) }));
    // One that is a property, or was deleted: there is no telling what Python would show.
    if (fields === undefined || fields.some(({ value }) => value === 0)) return false;
    return writeRecord(rendering, object, titleOf(object.type), fields);
  };
}

/** Of an object, or of its class: a value that every object begins with. */
function fieldOf(rendering: Rendering, object: RemoteObject, name: string): Address {
  const own = memberOf(rendering, object, name);
  if (own !== 0) return own;
  const { types } = rendering;
  for (const type of types.mro(object.type)) {
    const value = types.attribute(type, name);
    if (value !== 0) return isPlain(rendering.read(value)) ? value : 0;
  }
  return 0;
}

function isPlain(object: RemoteObject | undefined): boolean {
  return object !== undefined && object.type.kind !== "other" && object.type.kind !== "function";
}

function longName({ qualname }: PythonType): string {
  return qualname;
}

/** As attrs does: what a class in a function is called, without the function. */
function nameWithoutFunctions({ qualname }: PythonType): string {
  return qualname.slice(qualname.lastIndexOf(">.") + 1).replace(/^\./, "");
}

function writeRecord(
  rendering: Rendering,
  { address }: RemoteObject,
  name: string,
  fields: readonly Attribute[],
): boolean {
  return rendering.guarded(address, "...", () => {
    rendering.out.items(`${name}(`, ")", fields.length, fields, (field) =>
      rendering.attribute(field.name, field.value),
    );
    return true;
  });
}

/** `namespace(x=1)`, of a subclass `Settings(x=1)`: a dict. */
const renderNamespace: Renderer = (rendering, object) => {
  const { objects, spelling } = rendering;
  const title = object.type.isOfC ? "namespace" : object.type.name;
  const fields: Attribute[] = [];
  for (const { key, value } of objects.dictEntries(rendering.field(object, 0))) {
    if (fields.length >= MAX_FIELDS) return false;
    // Names that are no text or none at all are left out.
    const name = rendering.name(key);
    if (name !== "") fields.push({ name, value });
  }
  if (spelling.sortsNamespaces) fields.sort(byName);
  return rendering.guarded(object.address, `${title}(...)`, () => {
    rendering.out.items(`${title}(`, ")", fields.length, fields, ({ name, value }) =>
      rendering.attribute(name, value),
    );
    return true;
  });
};

/** `Namespace(x=1)` of `argparse`. */
const renderArguments: Renderer = (rendering, object) => {
  const { types, spelling } = rendering;
  if (!types.mro(object.type).some(({ fullName }) => fullName === "argparse.Namespace")) return false;
  const fields = [...attributesOf(rendering, object)].slice(0, MAX_FIELDS);
  // Others are behind, as a dict.
  if (!fields.every(({ name }) => /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{N}\p{M}_]*$/u.test(name ?? "")))
    return false;
  if (spelling.sortsNamespaces) fields.sort(byName);
  rendering.out.items(`${object.type.name}(`, ")", fields.length, fields, ({ name, value }) =>
    rendering.attribute(name, value),
  );
  return true;
};

/** `Template(strings=('a',), interpolations=())` */
const renderTemplate: Renderer = (rendering, object) => {
  const fields = ["strings", "interpolations"].map((name, index) => ({
    name,
    value: rendering.field(object, index),
  }));
  rendering.out.items(`${object.type.name}(`, ")", 2, fields, ({ name, value }) =>
    rendering.attribute(name, value),
  );
  return true;
};

/** `Interpolation(1, 'x', None, '')`: the value, its expression, a conversion, a format. */
const renderInterpolation: Renderer = (rendering, object) => {
  const values = [0, 1, 2, 3].map((index) => rendering.field(object, index));
  writeValues(rendering, `${object.type.name}(`, ")", 4, values);
  return true;
};

function byName(one: Attribute, other: Attribute): number {
  const [left = "", right = ""] = [one.name, other.name];
  return left < right ? -1 : left > right ? 1 : 0;
}

export const recordRenderers: readonly (readonly [name: string, render: Renderer])[] = [
  ["types.SimpleNamespace", renderNamespace],
  ["string.templatelib.Template", renderTemplate],
  ["string.templatelib.Interpolation", renderInterpolation],
];

export const writtenRecordRenderers: readonly (readonly [name: string, render: Renderer])[] = [
  ["argparse._AttributeHolder", renderArguments],
];
