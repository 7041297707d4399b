import { hexAddress } from "./escapes.js";
import { nameAt } from "./render-callables.js";
import type { Renderer } from "./rendering.js";

/** `<method 'join' of 'str' objects>`: the type, the name. */
function described(what: string): Renderer {
  return (rendering, object) => {
    const owner = rendering.types.at(rendering.field(object, 0));
    if (owner === undefined) return false;
    const name = nameAt(rendering, rendering.field(object, 1));
    const of =
      rendering.spelling.omitsObject && owner.fullName === "object" ? "" : ` of '${owner.tpName}' objects`;
    rendering.out.write(`<${what} '${name}'${of}>`);
    return true;
  };
}

/** `<method-wrapper '__add__' of int object at 0x7f…>`: a slot wrapper, self. */
const renderMethodWrapper: Renderer = (rendering, object) => {
  const wrapper = rendering.read(rendering.field(object, 0));
  const self = rendering.field(object, 1);
  const of = rendering.read(self);
  if (wrapper === undefined || of === undefined) return false;
  const name = nameAt(rendering, rendering.field(wrapper, 1));
  rendering.out.write(`<method-wrapper '${name}' of ${of.type.tpName} object at ${hexAddress(self)}>`);
  return true;
};

/** `<classmethod(<function f at 0x7f…>)>`, since 3.10 */
const renderMethodMark: Renderer = (rendering, object) => {
  const { out, spelling } = rendering;
  if (!spelling.showsMethodMarks) return false;
  out.write(`<${object.type.name}(`);
  rendering.value(rendering.field(object, 0));
  out.write(")>");
  return true;
};

/** `<super: <class 'Derived'>, <Derived object>>`: the class, the object, and the class of the object. */
const renderSuper: Renderer = (rendering, object) => {
  const type = rendering.types.at(rendering.field(object, 0));
  const of = rendering.types.at(rendering.field(object, 2));
  if (type === undefined) return false;
  rendering.out.write(
    `<super: <class '${type.tpName}'>, ${of === undefined ? "NULL" : `<${of.tpName} object>`}>`,
  );
  return true;
};

export const descriptorRenderers: readonly (readonly [name: string, render: Renderer])[] = [
  ["method_descriptor", described("method")],
  ["classmethod_descriptor", described("method")],
  ["wrapper_descriptor", described("slot wrapper")],
  ["getset_descriptor", described("attribute")],
  ["member_descriptor", described("member")],
  ["method-wrapper", renderMethodWrapper],
  ["classmethod", renderMethodMark],
  ["staticmethod", renderMethodMark],
  ["super", renderSuper],
];
