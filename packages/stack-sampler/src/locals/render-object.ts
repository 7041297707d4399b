import { decodeSentinel, type ObjectKind } from "@pyspy/cpython-layouts";
import { plainText } from "./escapes.js";
import { isEnum, type PythonType } from "./python-type.js";
import { arrayForms, arrayRenderers } from "./render-arrays.js";
import {
  renderBuiltin,
  renderCell,
  renderCode,
  renderFunction,
  renderGenerator,
  renderMethod,
  renderModule,
  renderType,
} from "./render-callables.js";
import {
  renderCounter,
  renderDefaultDict,
  renderDeque,
  renderOrderedDict,
  renderRange,
  renderSlice,
  renderXrange,
} from "./render-collections.js";
import {
  renderDict,
  renderFrozenDict,
  renderList,
  renderNamedTuple,
  renderSet,
  renderStructSequence,
  renderTuple,
} from "./render-containers.js";
import { renderDate, renderDateTime, renderTime, renderTimeDelta, renderTimeZone } from "./render-dates.js";
import { descriptorRenderers } from "./render-descriptors.js";
import { renderEnumMember } from "./render-enums.js";
import { fileRenderers } from "./render-files.js";
import { identifierRenderers, writtenIdentifierRenderers } from "./render-identifiers.js";
import {
  renderDisguised,
  renderException,
  renderImportError,
  renderInstance,
  renderOldClass,
  renderOldInstance,
} from "./render-instances.js";
import { lockRenderers, writtenLockRenderers } from "./render-locks.js";
import { numberRenderers, writtenNumberRenderers } from "./render-numbers.js";
import { pathRenderers } from "./render-paths.js";
import { patternRenderers } from "./render-patterns.js";
import { recordRenderers, renderWrittenRecord, writtenRecordRenderers } from "./render-records.js";
import { referenceRenderers } from "./render-references.js";
import {
  renderBool,
  renderByteArray,
  renderBytes,
  renderComplex,
  renderFloat,
  renderInt2,
  renderLong,
  renderNone,
  renderText,
} from "./render-scalars.js";
import { renderDictView, renderMappingProxy, renderOrderedDictView } from "./render-views.js";
import { wrapperRenderers } from "./render-wrappers.js";
import type { RemoteObject, Renderer, Rendering } from "./rendering.js";

const byKind: ReadonlyMap<ObjectKind, Renderer> = new Map([
  ["none", renderNone],
  ["bool", renderBool],
  ["int", renderInt2],
  ["long", renderLong],
  ["float", renderFloat],
  ["complex", renderComplex],
  ["bytes", renderBytes],
  ["unicode", renderText],
  ["tuple", renderTuple],
  ["list", renderList],
  ["dict", renderDict],
  ["set", renderSet],
  ["type", renderType],
  ["generator", renderGenerator],
  ["cell", renderCell],
  ["function", renderFunction],
  ["oldInstance", renderOldInstance],
]);

/** Types of C that have no kind of their own, or look different from what they are a kind of. */
const byName: ReadonlyMap<string, Renderer> = new Map<string, Renderer>([
  ["bytearray", renderByteArray],
  ["frozendict", renderFrozenDict],
  ["ellipsis", literally("Ellipsis")],
  ["NotImplementedType", literally("NotImplemented")],
  ["range", renderRange],
  ["xrange", renderXrange],
  ["slice", renderSlice],
  ["mappingproxy", renderMappingProxy],
  ["dictproxy", renderMappingProxy],
  ["dict_keys", renderDictView],
  ["dict_values", renderDictView],
  ["dict_items", renderDictView],
  ["odict_keys", renderOrderedDictView],
  ["odict_values", renderOrderedDictView],
  ["odict_items", renderOrderedDictView],
  ["module", renderModule],
  ["builtin_function_or_method", renderBuiltin],
  ["method", renderMethod],
  ["instancemethod", renderMethod],
  ["code", renderCode],
  ["classobj", renderOldClass],
  ["BaseException", renderException],
  ["BaseExceptionGroup", renderException],
  ["ImportError", renderImportError],
  ["sentinel", renderSentinel],
  ["exceptions.BaseException", renderException],
  ["collections.deque", renderDeque],
  ["collections.defaultdict", renderDefaultDict],
  ["collections.OrderedDict", renderOrderedDict],
  ["datetime.date", renderDate],
  ["datetime.datetime", renderDateTime],
  ["datetime.time", renderTime],
  ["datetime.timedelta", renderTimeDelta],
  ["datetime.timezone", renderTimeZone],
  ...arrayRenderers,
  ...descriptorRenderers,
  ...fileRenderers,
  ...identifierRenderers,
  ...lockRenderers,
  ...numberRenderers,
  ...patternRenderers,
  ...recordRenderers,
  ...referenceRenderers,
]);

/** Classes of Python's own library of which the `__repr__` is known, though Python has to run it. */
const byWrittenRepr: ReadonlyMap<string, Renderer> = new Map<string, Renderer>([
  ["collections.Counter", renderCounter],
  ["collections.OrderedDict", renderOrderedDict],
  ...pathRenderers,
  ...wrapperRenderers,
  ...writtenIdentifierRenderers,
  ...writtenLockRenderers,
  ...writtenNumberRenderers,
  ...writtenRecordRenderers,
]);

function literally(text: string): Renderer {
  return ({ out }) => {
    out.write(text);
    return true;
  };
}

/** A `sentinel` (3.15) says its name. */
function renderSentinel(rendering: Rendering, object: RemoteObject): boolean {
  const sentinel = decodeSentinel(rendering.layout, object.bytes);
  const name = sentinel && rendering.name(sentinel.name);
  if (name) rendering.out.write(plainText(name));
  return Boolean(name);
}

/** Writes an object as Python would, as far as that can be known without running anything. */
export function renderObject(rendering: Rendering, object: RemoteObject): void {
  const render = rendererOf(rendering, object);
  if (render(rendering, object)) return;
  // What a library's objects are like can differ from what is known here.
  if (kindOf(rendering, object.type).kind === "other") renderInstance(rendering, object);
  else rendering.out.unreadable();
}

function rendererOf(rendering: Rendering, { type }: RemoteObject): Renderer {
  const { types } = rendering;
  for (const { fullName } of type.isStatic ? types.lineage(type) : types.mro(type)) {
    const form = arrayForms.get(fullName);
    if (form !== undefined) return form;
  }
  if (isEnum(types, type)) return renderEnumMember;
  const written = types.writtenRepr(type);
  if (written === undefined) return rendererOfC(rendering, type);
  const known = byWrittenRepr.get(written.owner.fullName) ?? renderWrittenRecord(rendering, written);
  if (known !== undefined) return known;
  const { render } = kindOf(rendering, type);
  if (render === renderTuple) {
    const fields = types.attribute(written.owner, "_fields");
    if (fields !== 0) return namedTupleOf(rendering, type, written.owner, fields);
  }
  return isAboutTypes(render) ? render : disguised(render);
}

/** What C writes: a type that does not override that has the function of its base. */
function rendererOfC(rendering: Rendering, type: PythonType): Renderer {
  const { render, base } = kindOf(rendering, type);
  if (base.header.repr === type.header.repr || isAboutTypes(render)) {
    return render === renderInstance && isOldStructSequence(rendering, type) ? renderStructSequence : render;
  }
  if (render !== renderTuple) return disguised(render);
  return (one, object) => renderStructSequence(one, object) || renderDisguised(one, object, render);
}

/** These name the type themselves, so that it does not matter what it says of itself. */
function isAboutTypes(render: Renderer): boolean {
  return render === renderInstance || render === renderOldInstance || render === renderType;
}

function disguised(render: Renderer): Renderer {
  return (rendering, object) => renderDisguised(rendering, object, render);
}

interface KnownType {
  readonly render: Renderer;
  readonly base: PythonType;
  readonly kind: ObjectKind;
}

/** The first of a type and its bases that C knows how to show. */
function kindOf(rendering: Rendering, type: PythonType): KnownType {
  let known: KnownType | undefined;
  for (const base of rendering.types.lineage(type)) {
    const named = base.isOfC ? byName.get(base.fullName) : undefined;
    if (named !== undefined) return { render: named, base, kind: "other" };
    // Subclasses say that they are of their base's kind; it is the last one of that kind that says how it looks.
    const render = base.isStatic ? byKind.get(base.kind) : undefined;
    if (render !== undefined && (known === undefined || known.kind === base.kind))
      known = { render, base, kind: base.kind };
  }
  return known ?? { render: renderInstance, base: type, kind: "other" };
}

function namedTupleOf(
  { spelling }: Rendering,
  type: PythonType,
  owner: PythonType,
  fields: number,
): Renderer {
  const { name } = spelling.namesSubclassesOfNamedTuples ? type : owner;
  return (rendering, object) => renderNamedTuple(rendering, object, name, fields);
}

/** In 2.x `time.struct_time` and the like are no tuples. */
function isOldStructSequence({ types, isPython2 }: Rendering, type: PythonType): boolean {
  return isPython2 && type.isStatic && types.attribute(type, "n_sequence_fields") !== 0;
}
