// The whole trace at a glance, in which a stretch of time is chosen by dragging.

import { h, painting, themed, tint } from "./dom.js";
import { hueOf } from "./colors.js";
import { duration } from "./format.js";

export class Overview {
  #canvas = h("canvas", { role: "img", "aria-label": "The whole trace; dragging over it zooms in", "data-hint": "Drag to zoom in, double click for all" });
  #rows = [];
  #length = 1;
  #window = [0, 1];
  #changed;
  #observer = new ResizeObserver(() => this.paint());

  constructor(changed) {
    this.#changed = changed;
    this.element = h("div", { class: "overview" }, this.#canvas);
    this.#canvas.addEventListener("pointerdown", (event) => this.#drag(event));
    this.#canvas.addEventListener("dblclick", () => this.all());
    this.#observer.observe(this.element);
  }

  leave() {
    this.#observer.disconnect();
  }

  set(rows, length) {
    const whole = this.isWhole;
    [this.#rows, this.#length] = [rows, Math.max(1, length)];
    if (whole) this.#window = [0, this.#length];
    this.#tell();
  }

  get isWhole() {
    return this.#window[0] <= 0 && this.#window[1] >= this.#length;
  }

  all() {
    this.#window = [0, this.#length];
    this.#tell();
  }

  /// Nearer or further, about a span or the middle of what is in sight.
  zoom(factor, row) {
    const [from, to] = this.#window;
    const middle = row && !row.missing ? row.offset_nanos + row.duration_nanos / 2 : (from + to) / 2;
    const half = Math.max(50, ((to - from) / 2) * factor);
    this.#to(middle - half, middle + half);
  }

  pan(share) {
    const [from, to] = this.#window;
    const by = Math.min(this.#length - to, Math.max(-from, (to - from) * share));
    this.#to(from + by, to + by);
  }

  #to(from, to) {
    this.#window = [Math.max(0, from), Math.min(this.#length, to)];
    this.#tell();
  }

  #tell() {
    this.paint();
    this.#changed(this.#window);
  }

  #drag(event) {
    const { left, width } = this.#canvas.getBoundingClientRect();
    const at = (x) => (Math.min(Math.max(0, x - left), width) / width) * this.#length;
    const [begun, beginning] = [at(event.clientX), event.clientX];
    this.#canvas.setPointerCapture(event.pointerId);
    const move = (moved) => {
      if (Math.abs(moved.clientX - beginning) < 4) return;
      const [from, to] = [begun, at(moved.clientX)].sort((a, b) => a - b);
      if (to - from > 20) this.#to(from, to);
    };
    const end = () => {
      this.#canvas.removeEventListener("pointermove", move);
      this.#canvas.removeEventListener("pointerup", end);
      this.#canvas.removeEventListener("pointercancel", end);
    };
    this.#canvas.addEventListener("pointermove", move);
    this.#canvas.addEventListener("pointerup", end);
    this.#canvas.addEventListener("pointercancel", end);
  }

  paint() {
    const { context, width, height } = painting(this.#canvas);
    const probe = h("i", {});
    this.element.append(probe);
    const colors = new Map();
    const colorOf = (service) => {
      if (!colors.has(service)) {
        tint(probe, hueOf(service));
        colors.set(service, themed("--service", probe));
      }
      return colors.get(service);
    };
    const error = themed("--error");
    const x = (nanos) => (nanos / this.#length) * width;
    const line = Math.max(0.4, Math.min(4, (height - 10) / Math.max(1, this.#rows.length)));
    for (const [index, row] of this.#rows.entries()) {
      if (row.missing) continue;
      context.fillStyle = row.status === "error" ? error : colorOf(row.service);
      const y = 5 + (index / this.#rows.length) * (height - 10);
      context.fillRect(x(row.offset_nanos), y, Math.max(1, x(row.duration_nanos)), Math.max(0.8, line * 0.8));
    }
    probe.remove();
    if (!this.isWhole) {
      const [from, to] = this.#window.map(x);
      context.fillStyle = themed("--ground");
      context.globalAlpha = 0.72;
      context.fillRect(0, 0, from, height);
      context.fillRect(to, 0, width - to, height);
      context.globalAlpha = 1;
      context.fillStyle = themed("--accent");
      context.fillRect(from - 1, 0, 2, height);
      context.fillRect(to - 1, 0, 2, height);
    }
  }

  describe() {
    return this.isWhole ? "" : `${duration(this.#window[0])} to ${duration(this.#window[1])}`;
  }
}
