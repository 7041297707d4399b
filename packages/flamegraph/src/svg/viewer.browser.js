/**
 * What makes the flame graph interactive. This file is the script inside of every SVG: it runs in a browser, knows
 * nothing but the document around it, and takes all numbers from there.
 *
 * Frames are in depth-first order. `fg:x` and `fg:w` are where a frame begins and how wide it is, in samples; what is
 * zoomed into and searched for is kept in the hash of the address (`#x=12&y=3&s=json`), where it survives a
 * reload and the Back button, also for a file opened from a disk.
 */
(() => {
  const ROW = 20;
  const MARGIN = 16;
  const LABEL_PADDING = 4;
  const SEARCH_WIDTH = 220;
  const NAMESPACE = "http://github.com/jonhoo/inferno";

  const svg = document.currentScript.closest("svg");
  const byId = (id) => svg.getElementById(id);
  const [framesElement, header, details, matched, unzoom] = [
    "frames",
    "header",
    "details",
    "matched",
    "unzoom",
  ].map(byId);
  const frames = readFrames();
  const root = frames[0];
  const frameOf = new Map(frames.map((frame) => [frame.element, frame]));
  const input = createSearchField();
  const fullTexts = new Map(["title", "subtitle", "details"].map((id) => [byId(id), byId(id).textContent]));

  let focus = root;
  let term = "";
  /** What the view is for; a change to anything else comes from the Back button or the address bar. */
  let shownHash = "";
  let width = 0;
  let characterWidth = 7.2;

  svg.classList.remove("static");
  svg.removeAttribute("viewBox");
  svg.setAttribute("width", "100%");
  listen();
  readHash();
  resize();

  function readFrames() {
    const latestAtDepth = [];
    return Array.from(framesElement.querySelectorAll("g"), (element) => {
      const rect = element.querySelector("rect");
      const title = element.querySelector("title").textContent;
      const depth = Math.round((rect.y.baseVal.value - Number(framesElement.dataset.top)) / ROW);
      const frame = {
        element,
        rect,
        text: element.querySelector("text"),
        title,
        name: title.slice(0, title.lastIndexOf(" (")),
        depth,
        start: Number(rect.getAttributeNS(NAMESPACE, "x")),
        samples: Number(rect.getAttributeNS(NAMESPACE, "w")),
        caller: latestAtDepth[depth - 1],
        callees: [],
      };
      latestAtDepth[depth] = frame;
      frame.caller?.callees.push(frame);
      element.setAttribute("tabindex", depth === 0 ? "0" : "-1");
      return frame;
    });
  }

  function createSearchField() {
    const holder = document.createElementNS("http://www.w3.org/2000/svg", "foreignObject");
    const field = document.createElementNS("http://www.w3.org/1999/xhtml", "input");
    const attributes = { y: "11", width: String(SEARCH_WIDTH), height: "24" };
    for (const [name, value] of Object.entries(attributes)) holder.setAttribute(name, value);
    field.setAttribute("type", "search");
    field.setAttribute("aria-label", "Search");
    field.setAttribute("placeholder", "regular expression, Ctrl-F");
    field.setAttribute("spellcheck", "false");
    holder.append(field);
    header.append(holder);
    return field;
  }

  function listen() {
    window.addEventListener("resize", resize);
    window.addEventListener("hashchange", () => {
      if (location.hash === shownHash) return;
      readHash();
      draw();
    });
    window.addEventListener("scroll", () =>
      header.setAttribute("transform", `translate(0 ${window.scrollY})`),
    );
    framesElement.addEventListener("click", ({ target }) => zoom(frameOf.get(target.closest("g"))));
    for (const enter of ["mouseover", "focusin"]) {
      framesElement.addEventListener(enter, ({ target }) => describe(frameOf.get(target.closest("g"))));
    }
    for (const leave of ["mouseout", "focusout"])
      framesElement.addEventListener(leave, () => describe(undefined));
    unzoom.addEventListener("click", () => zoom(root));
    byId("search").addEventListener("click", () => input.focus());
    input.addEventListener("input", () => search(input.value));
    window.addEventListener("keydown", pressed);
  }

  function pressed(event) {
    const typing = document.activeElement === input;
    const finds = event.key === "F3" || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f");
    if ((finds || event.key === "/") && !typing) {
      event.preventDefault();
      input.focus();
      input.select();
    } else if (event.key === "Escape") {
      if (typing || focus === root) search("");
      else zoom(root);
      input.value = term;
      input.blur();
    } else if (!typing) {
      moveOrZoom(event);
    }
  }

  function moveOrZoom(event) {
    const frame = frameOf.get(document.activeElement);
    if (frame === undefined) return;
    const siblings = frame.caller?.callees ?? [frame];
    const place = siblings.indexOf(frame);
    const moves = {
      ArrowUp: () => frame.caller,
      ArrowDown: () => frame.callees.find(isShown),
      ArrowLeft: () => siblings[place - 1],
      ArrowRight: () => siblings[place + 1],
    };
    if (event.key === "Enter" || event.key === " ") zoom(frame);
    else if (!Object.hasOwn(moves, event.key)) return;
    else {
      const next = moves[event.key]();
      if (next !== undefined && isShown(next)) next.element.focus();
    }
    event.preventDefault();
  }

  function zoom(frame) {
    if (frame === undefined || frame === focus) return;
    focus = frame;
    draw();
    writeHash(true);
  }

  function search(text) {
    term = text;
    draw();
    writeHash(false);
  }

  function readHash() {
    const state = new URLSearchParams(location.hash.slice(1));
    const start = Number(state.get("x") ?? 0);
    const depth = Number(state.get("y") ?? 0);
    focus = frames.find((frame) => frame.start === start && frame.depth === depth) ?? root;
    term = state.get("s") ?? "";
    input.value = term;
    shownHash = location.hash;
  }

  /** A zoom can be gone back from; each letter of a search cannot. */
  function writeHash(asNewEntry) {
    const state = new URLSearchParams();
    if (focus !== root) {
      state.set("x", focus.start);
      state.set("y", focus.depth);
    }
    if (term !== "") state.set("s", term);
    const hash = `#${state}`;
    try {
      if (asNewEntry) location.hash = hash;
      else location.replace(hash);
    } catch {
      // A frame that may not navigate: the view works, only its address does not tell it.
    }
    shownHash = location.hash;
  }

  function resize() {
    width = svg.getBoundingClientRect().width - 2 * MARGIN;
    framesElement.setAttribute("width", Math.max(width, 1));
    input.parentNode.setAttribute("x", width + MARGIN - SEARCH_WIDTH);
    characterWidth = measureCharacter();
    for (const [element, full] of fullTexts) fit(element, full);
    draw();
  }

  /** In the font that the browser has chosen. */
  function measureCharacter() {
    const probe = document.createElementNS("http://www.w3.org/2000/svg", "text");
    probe.textContent = "x".repeat(50);
    framesElement.append(probe);
    const measured = probe.getComputedTextLength() / 50;
    probe.remove();
    return measured || characterWidth;
  }

  function draw() {
    if (root === undefined) return;
    const end = focus.start + focus.samples;
    // Offsets may be sums of fractions.
    const tolerance = root.samples * 1e-9;
    for (const frame of frames) {
      const holds = frame.start <= focus.start + tolerance && frame.start + frame.samples >= end - tolerance;
      const isInside =
        frame.start >= focus.start - tolerance && frame.start + frame.samples <= end + tolerance;
      const isCaller = frame.depth < focus.depth && holds;
      const isVisible = isCaller || (frame.depth >= focus.depth && isInside);
      frame.element.classList.toggle("hide", !isVisible);
      frame.element.classList.toggle("faded", isCaller);
      if (!isVisible) continue;
      const share = isCaller ? 1 : frame.samples / focus.samples;
      const offset = isCaller ? 0 : (frame.start - focus.start) / focus.samples;
      const x = `${(offset * 100).toFixed(4)}%`;
      frame.rect.setAttribute("x", x);
      frame.rect.setAttribute("width", `${(share * 100).toFixed(4)}%`);
      frame.text.setAttribute("x", x);
      frame.text.textContent = truncate(frame.name, share * width - 2 * LABEL_PADDING);
    }
    unzoom.classList.toggle("hide", focus === root);
    highlight();
  }

  function highlight() {
    const expression = expressionOf(term);
    let covered = 0;
    let end = Number.NEGATIVE_INFINITY;
    for (const frame of frames) {
      const isMatch = expression?.test(frame.name) === true && frame !== root;
      frame.element.classList.toggle("match", isMatch);
      // What a matching frame calls is within its width already, and comes after it.
      if (isMatch && isShown(frame) && frame.depth >= focus.depth && frame.start >= end) {
        covered += frame.samples;
        end = frame.start + frame.samples;
      }
    }
    svg.classList.toggle("searching", expression !== undefined);
    matched.classList.toggle("hide", expression === undefined);
    matched.textContent = `Matched: ${percent(covered, focus.samples)}`;
  }

  /** Case matters once there is a capital letter; what is no regular expression (yet) is searched for as it stands. */
  function expressionOf(text) {
    if (text === "") return undefined;
    const flags = /[A-Z]/.test(text) ? "" : "i";
    try {
      return new RegExp(text, flags);
    } catch {
      return new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), flags);
    }
  }

  function describe(frame) {
    const inCaller =
      frame?.caller?.caller && `, ${percent(frame.samples, frame.caller.samples)} of its caller`;
    const full = frame === undefined ? "" : `${frame.title}${inCaller ?? ""}`;
    fullTexts.set(details, full);
    fit(details, full);
  }

  function isShown(frame) {
    return !frame.element.classList.contains("hide");
  }

  function percent(part, whole) {
    return `${((100 * part) / whole).toFixed(2)}%`;
  }

  /** Shortens a line of the header to what is free beside the controls. */
  function fit(element, full) {
    const room = width - (element === details ? 130 : 400);
    element.textContent = full;
    const length = element.getComputedTextLength();
    if (length <= room) return;
    const kept = Math.max(0, Math.floor((full.length * room) / length) - 1);
    element.textContent = `${full.slice(0, kept)}…`;
  }

  function truncate(name, room) {
    const columns = Math.floor(room / characterWidth);
    if (columns < 3) return "";
    let used = 0;
    let kept = "";
    for (const character of name) {
      // East Asian characters and emoji take two columns.
      used += character.codePointAt(0) >= 0x1100 ? 2 : 1;
      if (used > columns) return `${Array.from(kept).slice(0, -1).join("")}…`;
      kept += character;
    }
    return name;
  }
})();
