/**
 * How the flame graph looks, for renderers of static SVG (no variables, no calc) and browsers alike. Colours of
 * frames are attributes of their own; what depends on the state of the viewer is a class that it sets.
 */
export const STYLESHEET = `
text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #241c15; }
:root { background: #fffdf9; }
#background, #header rect.cover { fill: #fffdf9; }
#title { font: 600 16px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
#subtitle, #unzoom, #search, #matched, #legend, #empty { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
#subtitle, #legend, #empty { fill: #75685c; }
#empty { font-size: 15px; }
#unzoom, #search { cursor: pointer; fill: #a8400a; }
#unzoom:hover, #search:hover { text-decoration: underline; }
#matched { font-weight: 600; fill: #7a2fb5; }
.end { text-anchor: end; }
.hide, .static #search { display: none; }
#frames text { pointer-events: none; fill: #241c15; }
#frames rect { stroke: #fffdf9; stroke-width: 0.6; }
#frames g { cursor: pointer; outline: none; }
#frames g:hover rect, #frames g:focus-visible rect { stroke: #241c15; stroke-width: 1; }
#frames .faded rect, .searching #frames g:not(.match) rect { fill-opacity: 0.45; }
#frames .faded text { fill-opacity: 0.75; }
#frames .match rect { fill: #d193ff; }
input { box-sizing: border-box; width: 100%; height: 24px; padding: 0 8px; border: 1px solid #d9cdbf; border-radius: 6px; background: #fff; color: #241c15; font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; outline-color: #e8772e; }
@media (prefers-color-scheme: dark) {
  text { fill: #efe7dd; }
  :root { background: #1d1916; }
  #background, #header rect.cover { fill: #1d1916; }
  #subtitle, #legend, #empty { fill: #a99c8e; }
  #unzoom, #search { fill: #ffa366; }
  #matched { fill: #d9a8ff; }
  #frames rect { stroke: #1d1916; }
  #frames .faded text, .searching #frames g:not(.match) text { fill: #efe7dd; }
  #frames g:hover rect, #frames g:focus-visible rect { stroke: #fff; }
  input { border-color: #54493f; background: #2a241f; color: #efe7dd; }
}
`;
