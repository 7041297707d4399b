/** Classes that stand for a container and show themselves as that. */

import { listHeader } from "@pyspy/cpython-layouts";
import { memberObject, memberOf } from "./attributes.js";
import { hexAddress } from "./escapes.js";
import { pointersOf, writeValues } from "./render-containers.js";
import type { NamedRenderers, Renderer } from "./rendering.js";

/** As what an attribute says. */
function like(name: string): Renderer {
  return (rendering, object) => {
    const address = memberOf(rendering, object, name);
    if (address !== 0) rendering.value(address);
    return address !== 0;
  };
}

/** `ChainMap({'a': 1}, {})` */
const renderChainMap: Renderer = (rendering, object) => {
  const maps = memberObject(rendering, object, "maps");
  const header = maps?.type.kind === "list" ? listHeader(rendering.layout, maps.bytes) : undefined;
  if (maps === undefined || header === undefined) return false;
  return rendering.guarded(object.address, "...", () => {
    const values = pointersOf(rendering, maps, header);
    writeValues(rendering, `${object.type.name}(`, ")", header.length, values);
    return true;
  });
};

/** `KeysView({'a': 1})` of a mapping that is no dict. */
const renderMappingView: Renderer = (rendering, object) => {
  const mapping = memberOf(rendering, object, "_mapping");
  if (mapping === 0) return false;
  rendering.out.write(`${object.type.name}(`);
  rendering.value(mapping);
  rendering.out.write(")");
  return true;
};

/** `<WeakValueDictionary at 0x7f…>` */
const renderWeakDictionary: Renderer = (rendering, { address, type }) => {
  if (rendering.isPython2) return false;
  rendering.out.write(`<${type.name} at ${hexAddress(address)}>`);
  return true;
};

export const wrapperRenderers: NamedRenderers = [
  ["collections.UserDict", like("data")],
  ["collections.UserList", like("data")],
  ["collections.UserString", like("data")],
  ["collections.ChainMap", renderChainMap],
  ["_weakrefset.WeakSet", like("data")],
  ["collections.abc.MappingView", renderMappingView],
  ["weakref.WeakValueDictionary", renderWeakDictionary],
  ["weakref.WeakKeyDictionary", renderWeakDictionary],
];
