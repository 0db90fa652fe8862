// Traces as points: when they began, how long they took, whether they failed.

import { clock, duration, millisOf, roundly } from "./format.js";
import { h, painting, themed } from "./dom.js";
import { hideHint, placeHint } from "./hint.js";

const MARGIN = { left: 56, right: 14, top: 12, bottom: 22 };

export class Scatter {
  #canvas = h("canvas", { role: "img" });
  #points = [];
  #open;

  constructor(open) {
    this.#open = open;
    this.element = h("div", { class: "scatter", hidden: true }, this.#canvas);
    this.#canvas.addEventListener("pointermove", (event) => this.#point(event));
    this.#canvas.addEventListener("pointerleave", () => hideHint());
    this.#canvas.addEventListener("click", (event) => {
      const nearest = this.#nearest(event);
      if (nearest) this.#open(nearest.trace);
    });
  }

  show(traces) {
    this.element.hidden = traces.length < 2;
    if (this.element.hidden) return;
    const failed = traces.filter((trace) => trace.errors > 0).length;
    this.#canvas.setAttribute("aria-label", `${traces.length} traces by time and duration, ${failed} with errors; the list below has them all`);
    this.#paint(traces);
  }

  #paint(traces) {
    const { context, width, height } = painting(this.#canvas);
    const times = traces.map((trace) => millisOf(trace.start_unix_nanos));
    const [first, last] = [Math.min(...times), Math.max(...times)];
    const logs = traces.map((trace) => Math.log10(Math.max(1_000, trace.duration_nanos)));
    const [low, high] = [Math.floor(Math.min(...logs)), Math.max(Math.ceil(Math.max(...logs)), Math.floor(Math.min(...logs)) + 1)];
    const x = (time) => MARGIN.left + ((time - first) / Math.max(1, last - first)) * (width - MARGIN.left - MARGIN.right);
    const y = (log) => height - MARGIN.bottom - ((log - low) / (high - low)) * (height - MARGIN.top - MARGIN.bottom);
    const [line, faint, calm, error] = ["--line", "--faint", "--accent", "--error"].map((name) => themed(name));
    context.font = `10.5px ${getComputedStyle(document.body).fontFamily}`;
    context.textBaseline = "middle";
    for (let log = low; log <= high; log += 1) {
      context.fillStyle = line;
      context.fillRect(MARGIN.left, Math.round(y(log)), width - MARGIN.left - MARGIN.right, 1);
      context.fillStyle = faint;
      context.textAlign = "right";
      context.fillText(roundly(duration(10 ** log)), MARGIN.left - 9, y(log));
    }
    context.textAlign = "left";
    // Within a few seconds their fractions tell them apart.
    const digits = last - first < 10_000 ? 12 : 8;
    context.fillText(clock(first).slice(0, digits), MARGIN.left, height - 9);
    context.textAlign = "right";
    context.fillText(clock(last).slice(0, digits), width - MARGIN.right, height - 9);
    this.#points = traces.map((trace, index) => ({ trace, x: x(times[index]), y: y(logs[index]) }));
    // Errors last, so that none is hidden.
    for (const failed of [false, true]) {
      context.fillStyle = failed ? error : calm;
      context.globalAlpha = failed ? 0.95 : 0.55;
      for (const point of this.#points.filter(({ trace }) => trace.errors > 0 === failed)) {
        context.beginPath();
        context.arc(point.x, point.y, failed ? 4 : 3.5, 0, 2 * Math.PI);
        context.fill();
      }
    }
  }

  #nearest(event) {
    const { left, top } = this.#canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    let nearest = null;
    let best = 24 * 24;
    for (const point of this.#points) {
      const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
      if (distance < best) [best, nearest] = [distance, point];
    }
    return nearest;
  }

  #point(event) {
    const trace = this.#nearest(event)?.trace;
    if (!trace) return hideHint();
    const failed = trace.error ? `\n${trace.error}` : "";
    placeHint(`${trace.name}\n${duration(trace.duration_nanos)} at ${clock(millisOf(trace.start_unix_nanos))}${failed}`, event.clientX, event.clientY);
  }
}
