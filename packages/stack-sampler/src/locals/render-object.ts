import type { ObjectKind } from "@pyspy/cpython-layouts";
import { isEnum, type PythonType } from "./python-type.js";
import {
  numpyScalarNames,
  renderArray,
  renderDataFrame,
  renderDtype,
  renderNumpyScalar,
  renderNumpyText,
  renderTensor,
} from "./render-arrays.js";
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
  renderDictView,
  renderMappingProxy,
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
import {
  renderDisguised,
  renderEnumMember,
  renderException,
  renderInstance,
  renderOldClass,
  renderOldInstance,
} from "./render-instances.js";
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

/** What has no kind of its own, or looks different from what it is a kind of. */
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
  ["module", renderModule],
  ["builtin_function_or_method", renderBuiltin],
  ["method", renderMethod],
  ["instancemethod", renderMethod],
  ["code", renderCode],
  ["classobj", renderOldClass],
  ["BaseException", renderException],
  ["BaseExceptionGroup", renderException],
  ["exceptions.BaseException", renderException],
  ["collections.deque", renderDeque],
  ["collections.defaultdict", renderDefaultDict],
  ["collections.OrderedDict", renderOrderedDict],
  ["collections.Counter", renderCounter],
  ["datetime.date", renderDate],
  ["datetime.datetime", renderDateTime],
  ["datetime.time", renderTime],
  ["datetime.timedelta", renderTimeDelta],
  ["datetime.timezone", renderTimeZone],
  ["numpy.ndarray", renderArray],
  ["numpy.dtype", renderDtype],
  ["numpy.str_", renderNumpyText],
  ["numpy.bytes_", renderNumpyText],
  ["torch.Tensor", renderTensor],
  ["pandas.DataFrame", renderDataFrame],
  ["pandas.Series", renderDataFrame],
  ["pandas.core.frame.DataFrame", renderDataFrame],
  ["pandas.core.series.Series", renderDataFrame],
  ...numpyScalarNames.map((name): [string, Renderer] => [name, renderNumpyScalar]),
]);

function literally(text: string): Renderer {
  return ({ out }) => {
    out.write(text);
    return true;
  };
}

/** Writes an object as Python would, as far as that can be known without running anything. */
export function renderObject(rendering: Rendering, object: RemoteObject): void {
  const { type } = object;
  if (isEnum(rendering.types, type) && renderEnumMember(rendering, object)) return;
  const { render, base } = knownBase(rendering, type);
  const isDisguised = base.header.repr !== type.header.repr && !showsType.has(render);
  if (isDisguised && base.kind === "tuple" && renderWithFields(rendering, object)) return;
  if (
    render === renderInstance &&
    isOldStructSequence(rendering, type) &&
    renderStructSequence(rendering, object)
  )
    return;
  const isDone = isDisguised ? renderDisguised(rendering, object, render) : render(rendering, object);
  if (isDone) return;
  // What a library's objects are like can differ from what is known here.
  if (byName.get(base.fullName) === render) renderInstance(rendering, object);
  else rendering.out.unreadable();
}

/** These name the type themselves, so that it does not matter what it says of itself. */
const showsType: ReadonlySet<Renderer> = new Set([
  renderInstance,
  renderOldInstance,
  renderType,
  renderArray,
  renderDtype,
  renderDataFrame,
  renderTensor,
]);

/** The first of a type and its bases that is known here. */
function knownBase(rendering: Rendering, type: PythonType): { render: Renderer; base: PythonType } {
  let known: { render: Renderer; base: PythonType } | undefined;
  for (const base of rendering.types.lineage(type)) {
    const named = byName.get(base.fullName);
    if (named !== undefined) return { render: named, base };
    // Subclasses say that they are of their base's kind; it is the last one of that kind that says how it looks.
    const render = base.isStatic ? byKind.get(base.kind) : undefined;
    if (render !== undefined && (known === undefined || known.base.kind === base.kind))
      known = { render, base };
  }
  return known ?? { render: renderInstance, base: type };
}

/** A tuple whose items have names. */
function renderWithFields(rendering: Rendering, object: RemoteObject): boolean {
  for (const base of rendering.types.lineage(object.type)) {
    const fields = base.isStatic ? 0 : rendering.types.attribute(base, "_fields");
    if (fields !== 0) {
      const { name } = rendering.spelling.namesSubclassesOfNamedTuples ? object.type : base;
      return renderNamedTuple(rendering, object, name, fields);
    }
  }
  return renderStructSequence(rendering, object);
}

/** In 2.x `time.struct_time` and the like are no tuples. */
function isOldStructSequence({ types, isPython2 }: Rendering, type: PythonType): boolean {
  return isPython2 && type.isStatic && types.attribute(type, "n_sequence_fields") !== 0;
}
