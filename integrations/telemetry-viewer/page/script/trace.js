// The page of one trace.

import { clock, counted, duration, millisOf, moment, whole } from "./format.js";
import { announce, byId, copy, h } from "./dom.js";
import { icon } from "./icons.js";
import { hueOf } from "./colors.js";
import { ask } from "./api.js";
import { statusBadge } from "./traces.js";
import { Rows } from "./rows.js";
import { spanDetail } from "./detail.js";
import { Overview } from "./overview.js";

export class TracePage {
  title = "Trace";
  #id;
  #trace = null;
  #wanted;
  #critical = true;
  #look = "";
  #rows = new Rows((row) => this.#choose(row));
  #overview = new Overview((window) => this.#zoomed(window));
  #head = h("div", { class: "trace-head" });
  #detail = h("aside", { class: "detail", "aria-label": "The selected span", hidden: true });
  #input = h("input", { type: "search", placeholder: "Find in this trace", "aria-label": "Find in this trace", autocomplete: "off", spellcheck: "false" });
  #status = h("span", { class: "push" });
  #errors = this.#tool("Next error", "Next error (E)", () => this.#nextError());
  #criticalTool = this.#tool("Critical path", "What the length of the trace is made of (C)", () => this.#toggleCritical());
  #foldTool = this.#tool("Fold all", "Fold or unfold all (F)", () => this.#foldAll());
  #allTool = this.#tool("Whole trace", "Show all of its time (0)", () => this.#overview.all());
  #body = h("div", { class: "trace-body" });

  constructor(id, parameters) {
    this.#id = id;
    this.#wanted = parameters.get("span");
    this.#input.addEventListener("input", () => this.#find());
    this.#input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      this.#rows.selectNext((row) => this.#matches(row));
      event.preventDefault();
    });
    this.#criticalTool.setAttribute("aria-pressed", "true");
    this.element = h("div", { class: "trace" }, this.#head,
      h("div", { class: "trace-tools", hidden: true }, h("span", { class: "find" }, icon("search", 15), this.#input),
        this.#errors, this.#criticalTool, this.#foldTool, this.#allTool, this.#status),
      this.#body);
    document.body.classList.add("fixed");
  }

  #tool(label, hint, act) {
    return h("button", { type: "button", class: "plain", "data-hint": hint, onclick: act }, label);
  }

  async refresh() {
    try {
      const trace = await ask(`traces/${encodeURIComponent(this.#id)}`);
      const look = `${trace.rows.length} ${trace.left_out}`;
      // A trace that is over is drawn once; one that grows, whenever it has.
      if (this.#look === look) return;
      this.#look = look;
      this.#show(trace);
    } catch (error) {
      if (this.#trace) return;
      this.#body.replaceChildren(h("div", { class: "empty" }, icon("rows", 36), h("h2", {}, "This trace cannot be shown"), h("p", {}, error.message),
        h("p", {}, h("a", { href: "#/traces" }, "Recent traces"))));
    }
  }

  #show(trace) {
    const first = this.#trace === null;
    this.#trace = trace;
    const { summary } = trace;
    this.title = summary.name;
    document.title = `${summary.name} · Telemetry`;
    this.#head.replaceChildren(...this.#heading(summary, trace.left_out));
    this.element.querySelector(".trace-tools").hidden = false;
    if (first) {
      const fall = h("div", { class: "fall" }, this.#overview.element, this.#rows.ruler, this.#rows.element);
      this.#body.replaceChildren(fall, this.#detail);
    }
    this.#errors.hidden = summary.errors === 0;
    this.#rows.set(trace.rows);
    this.#overview.set(trace.rows, summary.duration_nanos);
    this.#find();
    if (first && this.#wanted) this.#rows.selectSpan(this.#wanted);
    if (first) this.#rows.focusQuietly();
  }

  #heading(summary, leftOut) {
    const start = millisOf(summary.start_unix_nanos);
    return [
      h("div", { class: "crumb" }, h("a", { href: "#/traces" }, "Traces"), icon("chevron", 11), h("span", {}, summary.kind)),
      h("div", { class: "line" }, h("h1", {}, summary.name), summary.http_status && statusBadge(summary.http_status),
        summary.errors > 0 && h("span", { class: "badge failed" }, counted(summary.errors, "error"))),
      h("div", { class: "facts" },
        h("span", {}, h("b", {}, duration(summary.duration_nanos))),
        h("span", {}, h("b", {}, whole(summary.spans)), summary.spans === 1 ? " span" : " spans"),
        h("span", { "data-hint": moment(start) }, clock(start)),
        summary.services.map((service) => h("span", { class: "service", hue: hueOf(service) }, service)),
        h("button", { type: "button", class: "mono", "aria-label": "Copy the trace's identifier", "data-hint": "A click copies the identifier", onclick: () => copy(summary.trace_id) }, summary.trace_id)),
      leftOut > 0 && h("div", { class: "mistake mild" }, icon("warning"), `${counted(leftOut, "span")} of this trace are not shown: there are too many to keep.`),
    ].filter(Boolean);
  }

  #choose(row) {
    this.#detail.hidden = row === null;
    if (row === null) return;
    this.#detail.replaceChildren(...spanDetail(row, () => this.escape()));
    this.#detail.scrollTop = 0;
    history.replaceState(null, "", `#/traces/${this.#id}?span=${row.span_id}`);
    announce(row.missing ? "a span that is not here" : `${row.name}, ${duration(row.duration_nanos)}${row.status === "error" ? ", failed" : ""}`);
  }

  #zoomed(window) {
    this.#rows.setWindow(window);
    this.#allTool.hidden = this.#overview.isWhole;
    this.#tell();
  }

  #matches(row) {
    const wanted = this.#input.value.trim().toLowerCase();
    if (row.missing) return row.span_id.includes(wanted);
    const has = (attribute) => `${attribute.key}=${attribute.value}`.toLowerCase().includes(wanted);
    return row.name.toLowerCase().includes(wanted) || row.attributes.some(has)
      || row.events.some((event) => event.name.toLowerCase().includes(wanted) || event.attributes.some(has));
  }

  #find() {
    const searching = this.#input.value.trim() !== "";
    const matches = searching ? new Set(this.#trace.rows.filter((row) => this.#matches(row)).map((row) => row.index)) : null;
    this.#rows.setMatches(matches);
    this.#tell(matches);
  }

  #tell(matches = null) {
    const found = matches && `${counted(matches.size, "span")} found, Enter for the next`;
    this.#status.textContent = found ?? (this.#overview.describe() || this.#rows.describe());
  }

  #nextError() {
    this.#rows.selectNext((row) => row.status === "error");
  }

  #toggleCritical() {
    this.#critical = !this.#critical;
    this.#criticalTool.setAttribute("aria-pressed", String(this.#critical));
    this.#rows.setCritical(this.#critical);
  }

  #foldAll() {
    this.#rows.foldAll(!this.#rows.anyFolded);
    this.#foldTool.textContent = this.#rows.anyFolded ? "Unfold all" : "Fold all";
    this.#tell();
  }

  repaint() {
    this.#overview.paint();
    this.#rows.repaint();
  }

  leave() {
    document.body.classList.remove("fixed");
    this.#rows.leave();
    this.#overview.leave();
  }

  key(event) {
    if (!this.#trace) return false;
    // Enter and blanks on a button are the button's.
    if (event.target.closest("button, a") && ["Enter", " "].includes(event.key)) return false;
    const acts = {
      "/": () => this.#input.select(), ArrowDown: () => this.#rows.step(1), j: () => this.#rows.step(1),
      ArrowUp: () => this.#rows.step(-1), k: () => this.#rows.step(-1), ArrowRight: () => this.#rows.sideways(1), l: () => this.#rows.sideways(1),
      ArrowLeft: () => this.#rows.sideways(-1), h: () => this.#rows.sideways(-1), PageDown: () => this.#rows.stepPage(1), PageUp: () => this.#rows.stepPage(-1),
      Home: () => this.#rows.step(-Infinity), End: () => this.#rows.step(Infinity), Enter: () => this.#detail.hidden ? this.#rows.select(this.#rows.selected?.index ?? 0) : this.#detail.querySelector("button").focus(),
      e: () => this.#nextError(), c: () => this.#toggleCritical(), f: () => this.#foldAll(), 0: () => this.#overview.all(),
      "+": () => this.#overview.zoom(0.5, this.#rows.selected), "=": () => this.#overview.zoom(0.5, this.#rows.selected), "-": () => this.#overview.zoom(2, this.#rows.selected), "[": () => this.#overview.pan(-0.25), "]": () => this.#overview.pan(0.25),
    };
    acts[event.key]?.();
    return event.key in acts;
  }

  escape() {
    if (this.#detail.hidden) {
      location.hash = "#/traces";
      return true;
    }
    this.#rows.unselect();
    history.replaceState(null, "", `#/traces/${this.#id}`);
    this.#rows.element.focus({ preventScroll: true });
    byId("announce").textContent = "";
    return true;
  }
}
