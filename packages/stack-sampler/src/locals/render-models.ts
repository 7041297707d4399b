import { type Attribute, attributesOf, memberObject, memberOf } from "./attributes.js";
import type { PythonType } from "./python-type.js";
import { usedOf } from "./render-containers.js";
import { smallInteger } from "./render-scalars.js";
import type { RemoteObject, Renderer, Rendering } from "./rendering.js";

/** With one of these a model says something else of itself. */
const HOOKS = ["__repr_args__", "__repr_name__", "__repr_str__"];

/** `User(name='a', age=3)`: a model of pydantic 2 shows its fields, and what it was given beyond them. */
export const renderModel: Renderer = (rendering, object) => {
  const { objects, types } = rendering;
  const mro = types.mro(object.type);
  const classes = mro.slice(
    0,
    mro.findIndex(({ fullName }) => fullName === "pydantic.main.BaseModel"),
  );
  if (classes.some((type) => HOOKS.some((name) => types.attribute(type, name) !== 0))) return false;
  const fields = classObject(rendering, object.type, ["__pydantic_fields__", "model_fields"]);
  if (fields?.type.kind !== "dict" || computesFields(rendering, object.type)) return false;
  const shown = new Set<string | undefined>();
  for (const { key, value } of objects.dictEntries(fields.address, fields.bytes)) {
    const field = rendering.read(value);
    const flag = field && memberObject(rendering, field, "repr");
    if (flag?.type.kind === "bool" && smallInteger(rendering, flag) === 1n) shown.add(rendering.name(key));
  }
  const values: Attribute[] = [];
  for (const attribute of attributesOf(rendering, object)) {
    if (attribute.name !== undefined && shown.has(attribute.name)) values.push(attribute);
  }
  const extra = memberObject(rendering, object, "__pydantic_extra__");
  if (extra?.type.kind === "dict") {
    for (const { key, value } of objects.dictEntries(extra.address, extra.bytes))
      values.push({ name: rendering.name(key), value });
  }
  rendering.out.items(`${object.type.name}(`, ")", values.length, values, ({ name, value }) =>
    rendering.attribute(name, value),
  );
  return true;
};

/** Fields that are functions cannot be known. */
function computesFields(rendering: Rendering, type: PythonType): boolean {
  const computed = classObject(rendering, type, ["__pydantic_computed_fields__"]);
  if (computed !== undefined) return usedOf(rendering, computed) !== 0;
  const decorators = classObject(rendering, type, ["__pydantic_decorators__"]);
  const inOlder = decorators && rendering.read(memberOf(rendering, decorators, "computed_fields"));
  return inOlder !== undefined && usedOf(rendering, inOlder) !== 0;
}

/** What the first of a class and its bases that has an attribute of these names has there. */
function classObject(
  rendering: Rendering,
  type: PythonType,
  names: readonly string[],
): RemoteObject | undefined {
  const { types } = rendering;
  for (const one of types.mro(type)) {
    for (const name of names) {
      const address = types.attribute(one, name);
      if (address !== 0) return rendering.read(address);
    }
  }
  return undefined;
}
