// The page of the pipeline's own health.

import { clock, duration, whole } from "./format.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { ask } from "./api.js";
import { hueAt } from "./colors.js";
import { Plot } from "./plot.js";

const BUSY_RING = 0.75;

export class HealthPage {
  title = "Health";
  #content = h("div", {});

  constructor() {
    this.element = h("div", { class: "sheet" }, h("h1", { class: "unseen" }, "Health of the pipeline"), this.#content);
  }

  async refresh() {
    try {
      const health = await ask("health");
      // What has the focus would lose it.
      if (!this.#content.contains(document.activeElement)) this.#show(health);
    } catch (error) {
      this.#content.replaceChildren(h("div", { class: "mistake", role: "alert" }, icon("warning"), h("span", {}, error.message)));
    }
  }

  leave() {}

  repaint() {}

  key() {
    return false;
  }

  escape() {
    return false;
  }

  #show(health) {
    if (health.time_unix_millis === null) {
      this.#content.replaceChildren(h("div", { class: "empty" }, icon("pulse", 36), h("h2", {}, "Nothing is known yet"), h("p", {}, "The pipeline tells of itself with the first tick of the drain.")), holds(health.about));
      return;
    }
    this.#content.replaceChildren(findingsOf(health), tilesOf(health), h("h2", { class: "group" }, "Sinks", h("span", {}, "each with a queue and a thread of its own")),
      sinkTable(health), h("div", { class: "halves" }, lately(health.ring), h("section", {}, h("h2", { class: "group" }, "What the viewer holds"), holds(health.about))));
  }
}

function findingsOf(health) {
  const items = health.findings.map(({ severity, text }) => h("li", { class: severity === "error" ? "mistake" : "mistake mild" }, icon("warning"), text));
  if (items.length === 0) items.push(h("li", { class: "mistake well" }, icon("check"), `All is well: nothing was lost, and no sink has failed. Read at ${clock(health.time_unix_millis).slice(0, 8)}.`));
  return h("ul", { class: "findings", "aria-label": "Findings" }, items);
}

function tilesOf({ spans, ring, drain, pipeline }) {
  const lost = spans.dropped.reduce((sum, { count }) => sum + count, 0);
  const why = spans.dropped.map(({ reason, count }) => `${whole(count)} ${reason.replaceAll("_", " ")}`).join(", ");
  const busy = (ring.occupancy ?? 0) >= BUSY_RING;
  const level = h("i", { class: busy ? "mild" : "" });
  level.style.width = `${(ring.occupancy ?? 0) * 100}%`;
  const percent = (ring.occupancy ?? 0) * 100;
  const share = ring.occupancy === null ? "–" : percent > 0 && percent < 0.1 ? "< 0.1 %" : `${percent.toFixed(percent < 10 ? 1 : 0)} %`;
  return h("div", { class: "tiles" },
    tile("Ring in use", share, busy && "mild", pipeline && `${whole(pipeline.ring.occupied)} of ${whole(pipeline.ring.capacity)} slots`, h("div", { class: "meter" }, level)),
    tile("Spans started", whole(spans.started), null, spans.late_writes > 0 ? `${whole(spans.late_writes)} writes came too late` : pipeline && `in ${duration(pipeline.drain.uptime * 1e9)}, ${whole(pipeline.spans.in_flight)} open now`),
    tile("Spans lost in the ring", whole(lost), lost > 0 && "bad", why || "none, for any reason"),
    tile("A tick of the drain", duration(drain.p50_seconds === null ? null : drain.p50_seconds * 1e9), null,
      drain.ticks > 0 && `p99 ${duration(drain.p99_seconds * 1e9)}, ${whole(drain.ticks)} ticks`));
}

function lately(ring) {
  const line = { label: "", hue: hueAt(0), points: ring.history };
  const plot = new Plot([line], "ratio", "The ring's occupancy over the last minutes", () => {});
  return h("section", {}, h("h2", { class: "group" }, "Ring in use", h("span", {}, "over the last minutes")), h("div", { class: "card" }, plot.element));
}

function tile(title, value, look, note, more) {
  return h("div", { class: "tile" }, h("h3", {}, title), h("b", { class: look || "" }, value), note && h("p", {}, note), more);
}

function sinkTable({ sinks, pipeline }) {
  const reported = new Map((pipeline?.sinks ?? []).map((sink) => [sink.sink, sink]));
  const head = ["Sink", "Delivered", "Queued", "Errors", "Missed"].map((title) => h("th", { scope: "col" }, title));
  const number = (value, bad) => h("td", { class: bad && value > 0 ? "bad" : value > 0 ? "" : "zero" }, whole(value));
  const rows = sinks.map((sink) => {
    const missed = sink.dropped.reduce((sum, { count }) => sum + count, 0);
    const why = sink.dropped.map(({ reason, count }) => `${reason.replaceAll("_", " ")}: ${whole(count)}`).join("\n");
    const cell = number(missed, true);
    if (why) cell.dataset.hint = why;
    const own = reported.get(sink.sink);
    const name = h("td", {}, h("b", {}, sink.sink), own && h("span", { class: "state" }, own.state.replaceAll("_", " ")),
      own?.last_error && h("p", { class: "why" }, `${own.last_error}, ${duration(own.since_last_error * 1e9)} ago`));
    return h("tr", {}, name, number(sink.exported), number(sink.queued), number(sink.errors, true), cell);
  });
  return h("div", { class: "table-frame" }, h("table", { class: "table" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows)));
}

function holds(about) {
  const rows = [["Source", about.file ?? "memory of the service"], ["Services", about.services.join(", ") || "–"], ["Spans", whole(about.spans)]];
  if (about.traces != null) rows.push(["Traces", whole(about.traces)]);
  if (about.max_spans != null) rows.push(["Room for", `${whole(about.max_spans)} spans`], ["Gave way to later ones", `${whole(about.evicted_spans)} spans`]);
  return h("div", { class: "table-frame" }, h("table", { class: "table" }, h("tbody", {}, rows.map(([name, value]) => h("tr", {}, h("td", {}, name), h("td", {}, value))))));
}
