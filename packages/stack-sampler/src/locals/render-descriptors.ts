import { decodeDescriptor, decodeMethodMark, decodeMethodWrapper, decodeSuper } from "@pyspy/cpython-layouts";
import { hexAddress } from "./escapes.js";
import { nameAt } from "./render-callables.js";
import type { NamedRenderers, Renderer } from "./rendering.js";

/** `<method 'join' of 'str' objects>` */
function described(what: string): Renderer {
  return (rendering, object) => {
    const descriptor = decodeDescriptor(rendering.layout, object.bytes);
    const owner = descriptor && rendering.types.at(descriptor.type);
    if (descriptor === undefined || owner === undefined) return false;
    const name = nameAt(rendering, descriptor.name);
    const of =
      rendering.spelling.omitsObject && owner.fullName === "object" ? "" : ` of '${owner.tpName}' objects`;
    rendering.out.write(`<${what} '${name}'${of}>`);
    return true;
  };
}

/** `<method-wrapper '__add__' of int object at 0x7f…>` */
const renderMethodWrapper: Renderer = (rendering, object) => {
  const { layout, objects, out } = rendering;
  const wrapper = decodeMethodWrapper(layout, object.bytes);
  const descriptor = wrapper && decodeDescriptor(layout, objects.object(wrapper.descriptor));
  const of = wrapper && rendering.read(wrapper.self);
  if (descriptor === undefined || of === undefined) return false;
  const name = nameAt(rendering, descriptor.name);
  out.write(`<method-wrapper '${name}' of ${of.type.tpName} object at ${hexAddress(of.address)}>`);
  return true;
};

/** `<classmethod(<function f at 0x7f…>)>`, since 3.10 */
const renderMethodMark: Renderer = (rendering, object) => {
  const { layout, out, spelling } = rendering;
  const mark = decodeMethodMark(layout, object.bytes);
  if (mark === undefined || !spelling.showsMethodMarks) return false;
  out.write(`<${object.type.name}(`);
  rendering.value(mark.callable);
  out.write(")>");
  return true;
};

/** `<super: <class 'Derived'>, <Derived object>>` */
const renderSuper: Renderer = (rendering, object) => {
  const bound = decodeSuper(rendering.layout, object.bytes);
  const type = bound && rendering.types.at(bound.type);
  if (bound === undefined || type === undefined) return false;
  const of = rendering.types.at(bound.objectType);
  rendering.out.write(
    `<super: <class '${type.tpName}'>, ${of === undefined ? "NULL" : `<${of.tpName} object>`}>`,
  );
  return true;
};

export const descriptorRenderers: NamedRenderers = [
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
