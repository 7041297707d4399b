import { decodeDictView, decodeMappingProxy, dictHeader } from "@pyspy/cpython-layouts";
import { orderedItems } from "./ordered-items.js";
import { type Item, writeItems, writeValueOf } from "./render-containers.js";
import type { NamedRenderers, RemoteObject, Renderer, Rendering } from "./rendering.js";

/** `mappingproxy({…})` (`dict_proxy` in 2.x): what it stands for. */
const renderMappingProxy: Renderer = (rendering, object) => {
  const { layout, out, isPython2 } = rendering;
  const proxy = decodeMappingProxy(layout, object.bytes);
  if (proxy === undefined) return false;
  out.write(isPython2 ? "dict_proxy(" : "mappingproxy(");
  out.room -= 1;
  rendering.value(proxy.mapping);
  out.text += ")";
  return true;
};

/** `dict_keys([…])`, `dict_values([…])`, `dict_items([…])` */
const renderDictView: Renderer = (rendering, object) =>
  renderView(rendering, object, (dict) => rendering.objects.dictEntries(dict.address, dict.bytes));

/** `odict_keys([…])` and so on: of an `OrderedDict`. */
const renderOrderedDictView: Renderer = (rendering, object) =>
  renderView(rendering, object, (dict) => orderedItems(rendering, dict));

function renderView(
  rendering: Rendering,
  object: RemoteObject,
  itemsOf: (dict: RemoteObject) => Iterable<Item>,
): boolean {
  const view = decodeDictView(rendering.layout, object.bytes);
  const dict = view && rendering.read(view.dict);
  const used = dict && dictHeader(rendering.layout, dict.bytes)?.used;
  if (dict === undefined || used === undefined) return false;
  const { name } = object.type;
  return rendering.guarded(object.address, "...", () => {
    rendering.out.items(`${name}([`, "])", used, itemsOf(dict), (item) => {
      if (name.endsWith("_keys")) rendering.value(item.key);
      else if (name.endsWith("_values")) writeValueOf(rendering, item.key, item.value);
      else writeItems(rendering, "(", ")", 1, [item], ", ");
    });
    return true;
  });
}

export const viewRenderers: NamedRenderers = [
  ["mappingproxy", renderMappingProxy],
  ["dictproxy", renderMappingProxy],
  ["dict_keys", renderDictView],
  ["dict_values", renderDictView],
  ["dict_items", renderDictView],
  ["odict_keys", renderOrderedDictView],
  ["odict_values", renderOrderedDictView],
  ["odict_items", renderOrderedDictView],
];
