import type { ObjectKind } from "@pyspy/cpython-layouts";
import { isEnum, type PythonType } from "./python-type.js";
import { arrayForms, arrayRenderers } from "./render-arrays.js";
import {
  callableRenderers,
  renderCell,
  renderFunction,
  renderGenerator,
  renderType,
} from "./render-callables.js";
import { collectionRenderers, writtenCollectionRenderers } from "./render-collections.js";
import {
  containerRenderers,
  renderDict,
  renderList,
  renderNamedTuple,
  renderSet,
  renderStructSequence,
  renderTuple,
} from "./render-containers.js";
import { dateRenderers } from "./render-dates.js";
import { descriptorRenderers } from "./render-descriptors.js";
import { renderEnumMember } from "./render-enums.js";
import { fileRenderers } from "./render-files.js";
import { identifierRenderers, writtenIdentifierRenderers } from "./render-identifiers.js";
import { instanceRenderers, renderDisguised, renderInstance, renderOldInstance } from "./render-instances.js";
import { lockRenderers, writtenLockRenderers } from "./render-locks.js";
import { numberRenderers, writtenNumberRenderers } from "./render-numbers.js";
import { pathRenderers } from "./render-paths.js";
import { patternRenderers } from "./render-patterns.js";
import { recordRenderers, renderWrittenRecord, writtenRecordRenderers } from "./render-records.js";
import { referenceRenderers } from "./render-references.js";
import {
  renderBool,
  renderBytes,
  renderComplex,
  renderFloat,
  renderInt2,
  renderLong,
  renderNone,
  renderText,
  scalarRenderers,
} from "./render-scalars.js";
import { viewRenderers } from "./render-views.js";
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
const byName: ReadonlyMap<string, Renderer> = new Map([
  ...arrayRenderers,
  ...callableRenderers,
  ...collectionRenderers,
  ...containerRenderers,
  ...dateRenderers,
  ...descriptorRenderers,
  ...fileRenderers,
  ...identifierRenderers,
  ...instanceRenderers,
  ...lockRenderers,
  ...numberRenderers,
  ...patternRenderers,
  ...recordRenderers,
  ...referenceRenderers,
  ...scalarRenderers,
  ...viewRenderers,
]);

/** Classes of Python's own library of which the `__repr__` is known, though Python has to run it. */
const byWrittenRepr: ReadonlyMap<string, Renderer> = new Map([
  ...pathRenderers,
  ...wrapperRenderers,
  ...writtenCollectionRenderers,
  ...writtenIdentifierRenderers,
  ...writtenLockRenderers,
  ...writtenNumberRenderers,
  ...writtenRecordRenderers,
]);

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
