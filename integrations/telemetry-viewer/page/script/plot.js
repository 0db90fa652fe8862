// A plot of a few series over time, with a cursor for the pointer and the arrow keys.

import { clock, measured, roundly, steps } from "./format.js";
import { h, svg } from "./dom.js";

const SIZE = { width: 400, height: 126, left: 46, right: 6, top: 8, bottom: 18 };
/// A pause longer than so many usual steps is a gap.
const GAP_STEPS = 3.5;

/// Lines are `{label, hue, points: [[millis, value or null]]}`.
export class Plot {
  #lines;
  #unit;
  #moved;
  #times;
  #graphic = svg("svg", { viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  #cursor = svg("g", { visibility: "hidden" });
  #at = -1;

  /// `moved` is told of the values at the cursor, or of null when it is gone.
  constructor(lines, unit, label, moved) {
    [this.#lines, this.#unit, this.#moved] = [lines, unit, moved];
    this.#times = [...new Set(lines.flatMap((line) => line.points.map(([time]) => time)))].sort((a, b) => a - b);
    const values = lines.flatMap((line) => line.points.map(([, value]) => value)).filter((value) => value !== null);
    this.element = h("div", { class: "plot", tabindex: 0, role: "img", "aria-label": label }, this.#graphic);
    if (this.#times.length < 2 || values.length === 0) {
      this.element.append(h("span", { class: "none" }, "nothing was measured yet"));
      this.element.removeAttribute("tabindex");
    } else {
      this.#scale(values);
      for (const line of lines) this.#graphic.append(...this.#strokes(line));
    }
    this.#graphic.append(this.#cursor);
    this.element.addEventListener("pointermove", (event) => this.#point(event.clientX));
    this.element.addEventListener("pointerleave", () => this.#leave());
    this.element.addEventListener("blur", () => this.#leave());
    this.element.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#stretch()).observe(this.element);
  }

  /// Texts keep their form while the picture is stretched to the width there is.
  #stretch() {
    const width = this.element.clientWidth;
    if (width === 0) return;
    this.#graphic.style.setProperty("--narrow", SIZE.width / width);
    for (const text of this.#graphic.querySelectorAll("text, circle")) {
      text.setAttribute("transform", `translate(${text.dataset.x} 0) scale(${SIZE.width / width} 1)`);
    }
  }

  #scale(values) {
    const [low, high] = [Math.min(0, ...values), Math.max(...values)];
    const marks = steps(low, high > low ? high : low + 1, 3);
    const top = Math.max(high, marks.at(-1) ?? high, low + 1e-12);
    const [first, last] = [this.#times[0] ?? 0, this.#times.at(-1) ?? 1];
    this.x = (time) => SIZE.left + ((time - first) / Math.max(1, last - first)) * (SIZE.width - SIZE.left - SIZE.right);
    this.y = (value) => SIZE.height - SIZE.bottom - ((value - low) / (top - low)) * (SIZE.height - SIZE.top - SIZE.bottom);
    for (const mark of marks) {
      const y = this.y(mark);
      this.#graphic.append(svg("line", { class: "grid", x1: SIZE.left, x2: SIZE.width - SIZE.right, y1: y, y2: y }),
        this.#text(SIZE.left - 6, y + 3.5, "end", roundly(measured(mark, this.#unit))));
    }
    if (this.#times.length > 1) {
      this.#graphic.append(this.#text(SIZE.left, SIZE.height - 3, "start", clock(first).slice(0, 8)),
        this.#text(SIZE.width - SIZE.right, SIZE.height - 3, "end", clock(last).slice(0, 8)));
    }
  }

  #text(x, y, anchor, content) {
    return svg("text", { y, "text-anchor": anchor, "data-x": x, transform: `translate(${x} 0)` }, content);
  }

  #strokes(line) {
    const usual = (this.#times.at(-1) - this.#times[0]) / Math.max(1, line.points.length - 1);
    const runs = [];
    let before = null;
    for (const [time, value] of line.points) {
      if (value !== null) {
        if (before === null || time - before > usual * GAP_STEPS) runs.push([]);
        runs.at(-1).push(`${this.x(time).toFixed(1)} ${this.y(value).toFixed(1)}`);
      }
      before = value === null ? null : time;
    }
    // A value between two gaps is a dot.
    const [alone, joined] = [runs.filter((run) => run.length === 1), runs.filter((run) => run.length > 1)];
    const path = joined.map((run) => `M${run.join("L")}`).join("");
    const strokes = [svg("path", { d: path, hue: line.hue }), svg("path", { class: "alone", d: alone.map(([at]) => `M${at}h0.01`).join(""), hue: line.hue })];
    if (this.#lines.length === 1 && runs.length === 1 && joined.length === 1) {
      const [first, last] = [line.points.find(([, value]) => value !== null), line.points.findLast(([, value]) => value !== null)];
      const ground = this.y(Math.min(0, ...line.points.map(([, value]) => value ?? 0)));
      strokes.unshift(svg("path", { class: "under", d: `${path}L${this.x(last[0])} ${ground}L${this.x(first[0])} ${ground}Z`, hue: line.hue }));
    }
    return strokes;
  }

  #point(clientX) {
    const { left, width } = this.element.getBoundingClientRect();
    const x = ((clientX - left) / width) * SIZE.width;
    let nearest = 0;
    for (let index = 1; index < this.#times.length; index += 1) {
      if (Math.abs(this.x(this.#times[index]) - x) < Math.abs(this.x(this.#times[nearest]) - x)) nearest = index;
    }
    this.#show(nearest);
  }

  #key(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined || this.#times.length === 0) return;
    const from = this.#at < 0 ? this.#times.length : this.#at;
    this.#show(Math.min(this.#times.length - 1, Math.max(0, from + by)));
    event.preventDefault();
    event.stopPropagation();
  }

  #show(index) {
    if (this.#times.length < 2) return;
    this.#at = index;
    const time = this.#times[index];
    const values = this.#lines.map((line) => line.points.find(([at]) => at === time)?.[1] ?? null);
    const dots = values.map((value, line) => value !== null && svg("circle", { cy: this.y(value), r: 3.5, "data-x": this.x(time), hue: this.#lines[line].hue }));
    this.#cursor.replaceChildren(svg("line", { class: "cursor", x1: this.x(time), x2: this.x(time), y1: SIZE.top, y2: SIZE.height - SIZE.bottom }), ...dots.filter(Boolean));
    this.#cursor.setAttribute("visibility", "visible");
    this.#stretch();
    this.#moved({ time, values });
  }

  #leave() {
    this.#at = -1;
    this.#cursor.setAttribute("visibility", "hidden");
    this.#moved(null);
  }
}
