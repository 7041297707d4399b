/** What shows itself as a call with its fields: `Point(x=1, y=2)`. */
import {
  decodeCell,
  decodeFunction,
  decodeInterpolation,
  decodeNamespace,
  decodeTemplate,
} from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { type Attribute, attributesOf, memberObject, memberOf } from "./attributes.js";
import type { ObjectReader } from "./object-reader.js";
import { type PythonType, tupleItems, type WrittenRepr } from "./python-type.js";
import { renderModel } from "./render-models.js";
import { smallInteger } from "./render-scalars.js";
import type { NamedRenderers, RemoteObject, Renderer, Rendering } from "./rendering.js";

/** Fields of a class that are looked at. */
const MAX_FIELDS = 1024;

/** What a library has written a `__repr__` of. */
interface RecordForm {
  /** Fields that are shown. */
  readonly names: readonly string[];
  /** attrs calls a class in a function without that, dataclasses by its qualified name. */
  readonly isShort: boolean;
}

/** Those that were found, by the classes that have them in their bodies. */
const forms = new WeakMap<PythonType, RecordForm>();

/** The renderer for a `__repr__` that a library has written for a class by its fields; undefined if it is no such one. */
export function renderWrittenRecord(rendering: Rendering, written: WrittenRepr): Renderer | undefined {
  const form = forms.get(written.owner) ?? recordForm(rendering, written);
  if (form === undefined) return undefined;
  if (rendering.objects.allowance > 0) forms.set(written.owner, form);
  return (_, object) => writeFields(rendering, object, form);
}

function recordForm(rendering: Rendering, { owner, address }: WrittenRepr): RecordForm | undefined {
  const { types, objects } = rendering;
  const dataFields = types.attribute(owner, "__dataclass_fields__");
  if (dataFields !== 0 && isMadeByDataclasses(objects, address)) {
    const names = dataclassFields(rendering, dataFields);
    return names && { names, isShort: false };
  }
  const attrsFields = types.attribute(owner, "__attrs_attrs__");
  if (attrsFields === 0 || !fileOf(objects, address)?.startsWith("<attrs generated")) return undefined;
  const names = attrsFieldsOf(rendering, attrsFields);
  return names && { names, isShort: true };
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

function writeFields(rendering: Rendering, object: RemoteObject, { names, isShort }: RecordForm): boolean {
  const own = new Map([...attributesOf(rendering, object)].map(({ name, value }) => [name, value]));
  const fields = names.map((name) => ({
    name,
    value: own.get(name) ?? ofClass(rendering, object.type, name),
  }));
  // One that is a property, or was deleted: there is no telling what Python would show.
  if (fields.some(({ value }) => value === 0)) return false;
  const { qualname } = object.type;
  const title = isShort ? qualname.slice(qualname.lastIndexOf(">.") + 1).replace(/^\./, "") : qualname;
  return rendering.guarded(object.address, "...", () => {
    rendering.out.items(`${title}(`, ")", fields.length, fields, ({ name, value }) =>
      rendering.attribute(name, value),
    );
    return true;
  });
}

/** A value that objects begin with. */
function ofClass(rendering: Rendering, type: PythonType, name: string): Address {
  const { types } = rendering;
  const value =
    types
      .mro(type)
      .map((one) => types.attribute(one, name))
      .find((address) => address !== 0) ?? 0;
  return value !== 0 && isPlain(rendering.read(value)) ? value : 0;
}

function isPlain(object: RemoteObject | undefined): boolean {
  return object !== undefined && object.type.kind !== "other" && object.type.kind !== "function";
}

/** `namespace(x=1)`, of a subclass `Settings(x=1)` */
const renderNamespace: Renderer = (rendering, object) => {
  const { layout, objects, spelling } = rendering;
  const namespace = decodeNamespace(layout, object.bytes);
  if (namespace === undefined) return false;
  const title = object.type.isOfC ? "namespace" : object.type.name;
  const fields: Attribute[] = [];
  for (const { key, value } of objects.dictEntries(namespace.dict)) {
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
  const fields = [...attributesOf(rendering, object)];
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
  const template = decodeTemplate(rendering.layout, object.bytes);
  if (template === undefined) return false;
  const fields = [
    { name: "strings", value: template.strings },
    { name: "interpolations", value: template.interpolations },
  ];
  rendering.out.items(`${object.type.name}(`, ")", 2, fields, ({ name, value }) =>
    rendering.attribute(name, value),
  );
  return true;
};

/** `Interpolation(1, 'x', None, '')` */
const renderInterpolation: Renderer = (rendering, object) => {
  const interpolation = decodeInterpolation(rendering.layout, object.bytes);
  if (interpolation === undefined) return false;
  const { value: result, expression, conversion, formatSpec } = interpolation;
  const name = rendering.name(expression);
  const values = [result, expression, conversion, formatSpec];
  rendering.out.items(`${object.type.name}(`, ")", 4, values.entries(), ([index, value]) => {
    // A variable by its name.
    if (index === 0) rendering.named(name, value);
    else rendering.value(value);
  });
  return true;
};

function byName(one: Attribute, other: Attribute): number {
  const [left = "", right = ""] = [one.name, other.name];
  return left < right ? -1 : left > right ? 1 : 0;
}

export const recordRenderers: NamedRenderers = [
  ["types.SimpleNamespace", renderNamespace],
  ["string.templatelib.Template", renderTemplate],
  ["string.templatelib.Interpolation", renderInterpolation],
];

export const writtenRecordRenderers: NamedRenderers = [
  ["argparse._AttributeHolder", renderArguments],
  ["pydantic.main.BaseModel", renderModel],
];
