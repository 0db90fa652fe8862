// Pages, keys and what all of them share.

import { announce, byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { ask, Changes } from "./api.js";
import { nextTheme, startTheme } from "./theme.js";
import { hideHint, startHints } from "./hint.js";
import { TracesPage } from "./traces.js";
import { TracePage } from "./trace.js";
import { MetricsPage } from "./metrics.js";
import { HealthPage } from "./health.js";

/// The health is looked at beside what is shown, so that a loss is seen from everywhere.
const HEALTH_EVERY_MILLIS = 10_000;
const REFRESH_EVERY_MILLIS = 900;
const KEYS = [
  ["Everywhere"], [["/"], "Search"], [["1", "2", "3"], "Traces, metrics, health"], [["p"], "Pause and resume live updates"],
  [["t"], "Theme"], [["?"], "These keys"], [["Esc"], "Back"],
  ["Traces"], [["↑", "↓"], "Through the list, also K and J"], [["Enter"], "Open"],
  ["A trace"], [["↑", "↓"], "Through the spans, also K and J"], [["←", "→"], "Fold and unfold, also H and L"], [["e"], "Next error"],
  [["c"], "Critical path"], [["f"], "Fold or unfold all"], [["+", "-", "0"], "Zoom in, out, show all"], [["[", "]"], "Earlier, later"],
];

let page = null;
let refreshing = null;

const changes = new Changes(() => refreshSoon(), (state) => {
  const button = byId("live");
  button.dataset.state = state;
  button.setAttribute("aria-pressed", String(state !== "paused"));
  button.querySelector("span").textContent = { live: "Live", paused: "Paused", ended: "Ended", lost: "Not reached" }[state];
  button.dataset.hint = { live: "Kept up to date; a click pauses (P)", paused: "A click resumes (P)", ended: "The service has stopped; the viewer looks for it", lost: "The viewer does not answer; it is asked again" }[state];
});

function open() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  const parameters = new URLSearchParams(query);
  const [, name = "traces", id] = path.split("/");
  page?.leave();
  hideHint();
  if (name === "traces" && id) page = new TracePage(id, parameters);
  else if (name === "metrics") page = new MetricsPage();
  else if (name === "health") page = new HealthPage();
  else page = new TracesPage(parameters, (hash) => { location.hash = hash; });
  for (const link of byId("pages").children) {
    if (link.dataset.page === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  byId("main").replaceChildren(page.element);
  document.title = `${page.title} · Telemetry`;
  scrollTo(0, 0);
  announce(page.title);
  void page.refresh();
}

function refreshSoon() {
  refreshing ??= setTimeout(() => {
    refreshing = null;
    if (!document.hidden) void page.refresh();
  }, REFRESH_EVERY_MILLIS);
}

async function lookAtHealth() {
  try {
    const { about, findings } = await ask("health");
    byId("where").textContent = [about.services.slice(0, 3).join(", "), about.file].filter(Boolean).join(" · ");
    const alarm = byId("alarm");
    alarm.hidden = findings.length === 0;
    alarm.className = findings.some((finding) => finding.severity === "error") ? "bad" : "";
    alarm.parentElement.setAttribute("aria-label", findings.length > 0 ? "Health: there are findings" : "Health");
  } catch {
    // The live button says that the viewer is not reached.
  }
}

function toggleLive() {
  if (changes.running) changes.stop();
  else changes.start();
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
  const typing = event.target instanceof Element && event.target.matches("input, select, textarea");
  if (event.key === "Escape") {
    if (typing) event.target.blur();
    else if (!page.escape()) return;
    event.preventDefault();
    return;
  }
  if (typing && !(event.target.type === "search" && event.key === "ArrowDown")) return;
  const acts = {
    1: () => { location.hash = "#/traces"; }, 2: () => { location.hash = "#/metrics"; }, 3: () => { location.hash = "#/health"; },
    p: toggleLive, t: () => nextTheme(repaint), "?": () => byId("keys").showModal(),
  };
  if (acts[event.key]) acts[event.key]();
  else if (!page.key(event)) return;
  event.preventDefault();
}

function repaint() {
  page?.repaint();
}

function startKeys() {
  const dialog = byId("keys");
  const list = KEYS.flatMap(([keys, meaning]) => meaning ? [h("dt", {}, keys.map((key) => h("kbd", {}, key))), h("dd", {}, meaning)] : [h("h3", {}, keys)]);
  const close = h("button", { type: "button", class: "tool", "aria-label": "Close", onclick: () => dialog.close() }, icon("cross", 14));
  dialog.append(h("div", { class: "keys-head" }, h("h2", { id: "keys-title" }, "Keys"), close), h("dl", { class: "keys-list" }, list));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  byId("help").addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", pressed);
}

byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
byId("live").addEventListener("click", toggleLive);
addEventListener("hashchange", open);
addEventListener("resize", repaint);
document.addEventListener("visibilitychange", () => document.hidden || refreshSoon());
startTheme(repaint);
startHints();
startKeys();
open();
changes.start();
void lookAtHealth();
setInterval(() => document.hidden || lookAtHealth(), HEALTH_EVERY_MILLIS);
