// The waterfall: only the rows in sight are elements, however many there are.

import { counted, duration, roundly, steps } from "./format.js";
import { atFrame, h } from "./dom.js";
import { icon } from "./icons.js";
import { hueOf } from "./colors.js";

const ROW_HEIGHT = 30;
/// Rows beyond the edge of what is in sight.
const SPARE_ROWS = 8;
/// The pixels a mark of the ruler takes; where fewer are left, there is none.
const MARK_WIDTH = 56;
/// Deeper rows are not indented further; a number says how deep they are.
const MAX_INDENTS = 12;

export class Rows {
  #all = [];
  #shown = [];
  #folded = new Set();
  #window = [0, 1];
  #showCritical = true;
  #matches = null;
  #elements = new Map();
  #spare = [];
  #selected = -1;
  #chosen;
  #space = h("div", { class: "space", role: "presentation" });
  #ticks = h("div", { class: "times" });
  #draw = atFrame(() => this.#drawNow());
  #observer = new ResizeObserver(() => this.#draw());

  constructor(chosen) {
    this.#chosen = chosen;
    this.ruler = h("div", { class: "ruler", "aria-hidden": "true" }, h("span", { class: "names" }, "Span"), this.#ticks);
    this.element = h("div", { class: "rows", role: "treegrid", tabindex: 0, "aria-label": "Spans of the trace", "aria-multiselectable": "false" }, this.#space);
    this.element.addEventListener("scroll", this.#draw, { passive: true });
    this.element.addEventListener("click", (event) => this.#clicked(event));
    this.#observer.observe(this.element);
  }

  leave() {
    this.#observer.disconnect();
  }

  /// Takes the keys without a ring around everything, which is shown once the keyboard is used.
  focusQuietly() {
    this.element.classList.add("quiet");
    this.element.focus({ preventScroll: true });
    document.addEventListener("keydown", () => this.element.classList.remove("quiet"), { once: true });
  }

  /// Shows other rows; what was folded and selected stays, by span.
  set(rows) {
    const selected = this.selected?.span_id;
    this.#all = rows;
    for (const [index, row] of rows.entries()) row.index = index;
    this.#reckon();
    const at = rows.findIndex((row) => row.span_id === selected);
    this.#selected = at;
    this.repaint();
  }

  get selected() {
    return this.#all[this.#selected];
  }

  /// The stretch of time in sight, in nanoseconds.
  setWindow(window) {
    this.#window = window;
    this.#drawRuler();
    this.repaint();
  }

  setCritical(shown) {
    this.#showCritical = shown;
    this.repaint();
  }

  /// Dims what is not among these; null dims nothing.
  setMatches(matches) {
    this.#matches = matches;
    this.repaint();
  }

  /// Draws all anew, as after a change of colours.
  repaint() {
    for (const element of this.#elements.values()) this.#spare.push(element);
    this.#elements.clear();
    this.#draw();
  }

  #reckon() {
    this.#shown = [];
    for (let index = 0; index < this.#all.length; index += 1) {
      const row = this.#all[index];
      this.#shown.push(index);
      if (this.#folded.has(row.span_id)) {
        while (index + 1 < this.#all.length && this.#all[index + 1].depth > row.depth) index += 1;
      }
    }
    this.element.setAttribute("aria-rowcount", this.#shown.length);
    this.#space.style.height = `${this.#shown.length * ROW_HEIGHT + 12}px`;
  }

  #drawRuler() {
    const [from, to] = this.#window;
    const width = this.#ticks.clientWidth;
    const marks = steps(from, to, Math.max(2, width / 110)).filter((at) => ((to - at) / (to - from)) * width >= MARK_WIDTH);
    this.#ticks.replaceChildren(...marks.map((at) => {
      const mark = h("span", {}, roundly(duration(at)));
      mark.style.left = `${((at - from) / (to - from)) * 100}%`;
      return mark;
    }));
  }

  #drawNow() {
    if (this.#ticks.childElementCount === 0) this.#drawRuler();
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const last = Math.min(this.#shown.length, Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT) + SPARE_ROWS);
    for (const [place, element] of this.#elements) {
      if (place < first || place >= last) {
        this.#elements.delete(place);
        this.#spare.push(element);
      }
    }
    for (let place = first; place < last; place += 1) {
      if (this.#elements.has(place)) continue;
      const element = this.#spare.pop() ?? h("div", { role: "row" });
      this.#fill(element, this.#all[this.#shown[place]], place);
      this.#elements.set(place, element);
      if (!element.isConnected) this.#space.append(element);
    }
    for (const element of this.#spare.splice(0)) element.remove();
  }

  #fill(element, row, place) {
    const dim = this.#matches !== null && !this.#matches.has(row.index);
    element.id = `row-${row.index}`;
    element.className = ["row hued", row.status === "error" && "failed", row.missing && "missing", dim && "dim"].filter(Boolean).join(" ");
    element.style.setProperty("--hue", row.missing ? 80 : hueOf(row.service));
    element.style.top = `${place * ROW_HEIGHT}px`;
    element.dataset.index = row.index;
    element.setAttribute("aria-level", row.depth + 1);
    element.setAttribute("aria-rowindex", place + 1);
    element.setAttribute("aria-selected", String(row.index === this.#selected));
    if (row.children > 0) element.setAttribute("aria-expanded", String(!this.#folded.has(row.span_id)));
    else element.removeAttribute("aria-expanded");
    element.replaceChildren(this.#name(row), row.missing ? h("span", { class: "track" }) : this.#track(row));
  }

  #name(row) {
    const fold = h("button", { type: "button", class: "fold", tabindex: -1, "aria-label": "Fold or unfold", hidden: row.children === 0 }, icon("chevron", 12));
    const label = row.missing ? "a span that is not here" : row.name;
    const hint = row.missing ? `Span ${row.span_id} is not here: it was dropped, or is not over yet`
      : `${row.name}\n${row.service}, ${row.kind}${row.status === "error" ? ", failed" : ""}${row.outcome === "completed" || row.outcome === "failed" ? "" : `, ${row.outcome.replace("_", " ")}`}`;
    const name = h("span", { class: "name", role: "gridcell", "data-hint": hint }, fold, h("span", { class: "edge" }),
      row.status === "error" && h("span", { class: "mark" }, icon("warning", 13)), h("span", { class: "label" }, label),
      h("span", { class: "side" }, this.#side(row)));
    fold.style.setProperty("--depth", Math.min(row.depth, MAX_INDENTS));
    return name;
  }

  #side(row) {
    if (this.#folded.has(row.span_id)) return `+${this.#below(row.index)}`;
    return row.depth > MAX_INDENTS ? `level ${row.depth}` : "";
  }

  #below(index) {
    let end = index + 1;
    while (end < this.#all.length && this.#all[end].depth > this.#all[index].depth) end += 1;
    return end - index - 1;
  }

  #track(row) {
    const [from, to] = this.#window;
    const at = (nanos) => ((nanos - from) / (to - from)) * 100;
    const [start, end] = [at(row.offset_nanos), at(row.offset_nanos + row.duration_nanos)];
    const track = h("span", { class: "track", role: "gridcell" });
    const put = (kind, left, right, hint) => {
      if (right < 0 || left > 100) return;
      const piece = h("i", { class: kind, "data-hint": hint });
      piece.style.left = `${Math.max(-1, left)}%`;
      if (right > left) piece.style.width = `${Math.min(101, right) - Math.max(-1, left)}%`;
      track.append(piece);
    };
    put("stroke", start, end, `${row.name}\n${duration(row.duration_nanos)}, of which its own ${duration(row.own_nanos)}\nbegins at ${duration(row.offset_nanos)}`);
    if (this.#showCritical) for (const [left, right] of row.critical.slice(0, 64)) put("critical", at(left), at(right));
    for (const event of row.events.slice(0, 32)) put("tick", at(event.offset_nanos), 0, `${event.name}\nat ${duration(event.offset_nanos)}`);
    const took = h("span", { class: "took" }, duration(row.duration_nanos));
    // Behind the bar, or before it where there is no room, or inside.
    if (end < 84) took.style.left = `${Math.max(0, end)}%`;
    else if (start > 16) [took.className, took.style.left] = ["took before", `${Math.min(100, start)}%`];
    else [took.className, took.style.left] = ["took inside", `${Math.min(100, end)}%`];
    // What is out of sight says in which direction it is.
    if (end < 0) [took.className, took.style.left, took.textContent] = ["took away", "0", "‹"];
    else if (start > 100) [took.className, took.style.left, took.textContent] = ["took away before", "100%", "›"];
    track.append(took);
    return track;
  }

  #clicked(event) {
    const element = event.target.closest(".row");
    if (!element) return;
    const index = Number(element.dataset.index);
    if (event.target.closest(".fold")) this.fold(index, !this.#folded.has(this.#all[index].span_id));
    else this.select(index);
  }

  fold(index, folded) {
    const row = this.#all[index];
    if (!row || row.children === 0) return;
    if (folded) this.#folded.add(row.span_id);
    else this.#folded.delete(row.span_id);
    this.#reckon();
    this.repaint();
  }

  foldAll(folded) {
    this.#folded = new Set(folded ? this.#all.filter((row) => row.children > 0 && row.depth > 0).map((row) => row.span_id) : []);
    this.#reckon();
    this.repaint();
  }

  get anyFolded() {
    return this.#folded.size > 0;
  }

  select(index) {
    if (!this.#all[index]) return;
    this.#selected = index;
    this.#unfoldTo(index);
    this.element.setAttribute("aria-activedescendant", `row-${index}`);
    // The first one, for which the details open, makes the rows' own place smaller.
    this.#chosen(this.#all[index]);
    this.#bringIntoSight(this.#shown.indexOf(index));
    this.repaint();
  }

  selectSpan(id) {
    this.select(this.#all.findIndex((row) => row.span_id === id));
  }

  unselect() {
    this.#selected = -1;
    this.element.removeAttribute("aria-activedescendant");
    this.repaint();
    this.#chosen(null);
  }

  /// To the next of those that are meant, from the selected one on and around.
  selectNext(meant) {
    const count = this.#all.length;
    for (let step = 1; step <= count; step += 1) {
      const index = (this.#selected + step + count) % count;
      if (meant(this.#all[index])) return this.select(index);
    }
    return undefined;
  }

  step(by) {
    const place = this.#shown.indexOf(this.#selected);
    const from = place < 0 && by < 0 ? this.#shown.length : place;
    this.select(this.#shown[Math.min(this.#shown.length - 1, Math.max(0, from + by))]);
  }

  stepPage(by) {
    this.step(by * Math.max(1, Math.floor(this.element.clientHeight / ROW_HEIGHT) - 1));
  }

  /// As in every tree: to the right unfolds, then goes in; to the left folds, then goes out.
  sideways(by) {
    const row = this.selected;
    if (!row) return this.step(1);
    const folded = this.#folded.has(row.span_id);
    if (by > 0) return folded ? this.fold(row.index, false) : row.children > 0 && this.step(1);
    if (row.children > 0 && !folded) return this.fold(row.index, true);
    const parent = this.#all.slice(0, row.index).findLast((above) => above.depth < row.depth);
    return parent && this.select(parent.index);
  }

  #unfoldTo(index) {
    let depth = this.#all[index].depth;
    let changed = false;
    for (let above = index - 1; above >= 0 && depth > 0; above -= 1) {
      if (this.#all[above].depth < depth) {
        depth = this.#all[above].depth;
        changed = this.#folded.delete(this.#all[above].span_id) || changed;
      }
    }
    if (changed) this.#reckon();
  }

  #bringIntoSight(place) {
    const { scrollTop, clientHeight } = this.element;
    const top = place * ROW_HEIGHT;
    if (top < scrollTop) this.element.scrollTop = Math.max(0, top - ROW_HEIGHT);
    else if (top + ROW_HEIGHT > scrollTop + clientHeight) this.element.scrollTop = top + 2 * ROW_HEIGHT - clientHeight;
  }

  describe() {
    return counted(this.#shown.length, "row");
  }
}
