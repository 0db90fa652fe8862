// The page of the instruments.

import { clock, counted, measured, whole } from "./format.js";
import { h, keyed } from "./dom.js";
import { icon } from "./icons.js";
import { hueAt } from "./colors.js";
import { ask } from "./api.js";
import { Plot } from "./plot.js";

const WINDOWS = [[60, "1 min"], [300, "5 min"], [900, "15 min"], [3600, "1 h"]];
/// The pipeline's figures of itself stand after those of the service.
const OWN = "telemetry_";
/// What a process and its runtimes take, whatever the service does.
const PROCESS = ["process_", "tokio_"];
/// A gauge of this name is a moment, in seconds since the Unix epoch; how long ago it was says more.
const MOMENT = /_(start_time|timestamp)_seconds$/;
const QUANTILE_LABELS = ["p50", "p95", "p99"];

export class MetricsPage {
  title = "Metrics";
  #families = [];
  #seconds = 300;
  #asking = false;
  #input = h("input", { type: "search", placeholder: "Filter by name", "aria-label": "Filter by name", autocomplete: "off", spellcheck: "false" });
  #windows = h("span", { class: "choice push", role: "radiogroup", "aria-label": "How far back" });
  #content = h("div", {});

  constructor() {
    this.#input.addEventListener("input", () => this.#show());
    for (const [seconds, label] of WINDOWS) {
      const choose = () => {
        this.#seconds = seconds;
        this.#showWindow();
        void this.refresh();
      };
      this.#windows.append(h("button", { type: "button", role: "radio", "data-seconds": seconds, onclick: choose }, label));
    }
    this.#showWindow();
    this.element = h("div", { class: "sheet" },
      h("div", { class: "head" }, h("h1", { class: "unseen" }, "Metrics"), h("span", { class: "find" }, icon("search", 15), this.#input), this.#windows),
      this.#content);
  }

  #showWindow() {
    for (const button of this.#windows.children) button.setAttribute("aria-checked", String(Number(button.dataset.seconds) === this.#seconds));
  }

  async refresh() {
    if (this.#asking) return;
    this.#asking = true;
    try {
      this.#families = await ask("metrics", { seconds: this.#seconds });
      this.#show();
    } catch (error) {
      this.#content.replaceChildren(h("div", { class: "mistake", role: "alert" }, icon("warning"), h("span", {}, error.message)));
    } finally {
      this.#asking = false;
    }
  }

  leave() {}

  repaint() {}

  key(event) {
    if (event.key !== "/") return false;
    this.#input.select();
    return true;
  }

  escape() {
    if (this.#input.value === "") return false;
    this.#input.value = "";
    this.#show();
    return true;
  }

  #show() {
    const wanted = this.#input.value.trim().toLowerCase();
    const shown = this.#families.filter((family) => family.name.toLowerCase().includes(wanted));
    const of = (wanted) => shown.filter((family) => groupOf(family) === wanted);
    const groups = [["Of the service", of("service")], ["Of the process", of("process")], ["Of the pipeline itself", of("pipeline")]];
    const filled = groups.filter(([, families]) => families.length > 0);
    if (filled.length === 0) {
      const said = this.#families.length > 0 ? ["No instrument has this in its name", "The filter looks at names alone."]
        : ["No metrics yet", "They appear with the first tick of the drain. In a file they are those of its latest run."];
      this.#content.replaceChildren(h("div", { class: "empty" }, icon("pulse", 36), h("h2", {}, said[0]), h("p", {}, said[1])));
      return;
    }
    for (const child of [...this.#content.children]) if (!child.dataset.key) child.remove();
    keyed(this.#content, filled, ([title]) => title, ([title, families]) => renewGroup(h("section", { class: "part" }, h("h2", { class: "group" }, title, h("span", {})), h("div", { class: "cards" })), families),
      (section, [, families]) => renewGroup(section, families));
  }
}

function groupOf({ name }) {
  if (name.startsWith(OWN)) return "pipeline";
  return PROCESS.some((prefix) => name.startsWith(prefix)) ? "process" : "service";
}

function renewGroup(section, families) {
  section.querySelector(".group span").textContent = counted(families.length, "instrument");
  keyed(section.querySelector(".cards"), families, (family) => family.name, (family) => fillCard(h("article", { class: "card" }), family), (card, family) => {
    // Not under somebody's eyes: the next change comes soon enough.
    if (!card.matches(":hover") && !card.contains(document.activeElement)) fillCard(card, family);
  });
  return section;
}

function fillCard(card, family) {
  const lines = linesOf(family);
  const unit = unitOf(family);
  const now = h("div", { class: "now" });
  const legend = h("ul", { class: "legend" });
  const show = (moved) => {
    const values = moved?.values ?? lines.map((line) => line.points.findLast(([, value]) => value !== null)?.[1] ?? null);
    now.replaceChildren(...headline(family, lines, values, unit), h("small", {}, moved ? clock(moved.time) : sense(family)));
    legend.replaceChildren(...legendOf(family, lines, values, unit));
  };
  const latest = family.series.length === 1 && !isMoment(family) ? `, now ${measured(family.series[0].latest, family.kind === "gauge" ? family.unit : null)}` : "";
  const plot = new Plot(lines, unit, `${family.name}, ${counted(family.series.length, "series").replace("seriess", "series")}${latest}`, show);
  show(null);
  card.replaceChildren(h("header", {}, h("h2", {}, family.name), now), h("p", { "data-hint": family.help }, family.help), plot.element, legend);
  return card;
}

/// What is drawn: series, or the quantiles of a histogram that has but one.
function linesOf(family) {
  const single = family.kind === "histogram" && family.series.length === 1;
  if (single) {
    return QUANTILE_LABELS.map((label, index) => ({ label, hue: hueAt(index), points: family.series[0].points.map((point) => [point[0], point[index + 2]]) }));
  }
  // Of several the 95th percentile tells most.
  const at = family.kind === "histogram" ? 3 : 1;
  const valueOf = isMoment(family) ? ([time, moment]) => (moment === null ? null : time / 1e3 - moment) : (point) => point[at];
  return family.series.map((series, index) => ({ label: series.labels.map(([name, value]) => `${name}=${value}`).join(" "), hue: hueAt(index), points: series.points.map((point) => [point[0], valueOf(point)]) }));
}

function isMoment(family) {
  return family.kind === "gauge" && MOMENT.test(family.name);
}

/// Whether a counter's rate is a share of the time that passed.
function isShare(family) {
  return family.kind === "counter" && family.name.endsWith("_seconds_total");
}

function unitOf(family) {
  if (family.name.endsWith("_ratio") || isShare(family)) return "ratio";
  if (family.kind === "counter") return null;
  return family.unit ?? ["seconds", "bytes"].find((unit) => family.name.endsWith(`_${unit}`)) ?? null;
}

function sense(family) {
  if (isMoment(family)) return "ago";
  if (isShare(family)) return "of the time";
  return { counter: "a second", gauge: "now", histogram: family.series.length === 1 ? "p95" : "p95 by series" }[family.kind];
}

function headline(family, lines, values, unit) {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return [h("b", {}, family.kind === "histogram" && family.series.some((series) => series.latest > 0) ? "quiet" : "–")];
  if (family.kind === "counter") return [h("b", {}, measured(known.reduce((sum, value) => sum + value, 0), unit))];
  if (family.kind === "histogram" && family.series.length === 1) return [h("b", {}, measured(values[1], unit))];
  return known.length === 1 ? [h("b", {}, measured(known[0], unit))] : [h("b", {}, measured(Math.max(...known), unit))];
}

function legendOf(family, lines, values, unit) {
  const single = lines.length === 1 && lines[0].label === "";
  const entries = single ? [] : lines.map((line, index) => h("li", { hue: line.hue, "data-hint": line.label }, h("span", { class: "of" }, line.label || "all"), h("b", {}, measured(values[index], unit))));
  const total = family.series.reduce((sum, series) => sum + (series.latest ?? 0), 0);
  if (family.kind !== "gauge") entries.push(h("li", { class: "rest" }, `${isShare(family) ? measured(total, "seconds") : whole(total)} in all`));
  if (family.series_left_out > 0) entries.push(h("li", { class: "rest" }, `${family.series_left_out} smaller series not shown`));
  return entries;
}
