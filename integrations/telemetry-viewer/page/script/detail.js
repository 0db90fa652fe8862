// All that is known of one span.

import { counted, duration } from "./format.js";
import { copy, h } from "./dom.js";
import { icon } from "./icons.js";
import { hueOf } from "./colors.js";

export function spanDetail(row, close) {
  const head = [
    h("button", { type: "button", class: "plain close", "aria-label": "Close", "data-hint": "Close (Esc)", onclick: close }, icon("cross", 14)),
    h("h2", {}, row.missing ? "A span that is not here" : row.name),
  ];
  if (row.missing) {
    return [...head, h("p", { class: "tags" }, "Its children name it as their parent. It was dropped, is not over yet, or was recorded elsewhere."),
      section("Identifiers", pairs([["span", row.span_id]]))];
  }
  return [...head,
    h("div", { class: "tags" },
      h("span", { class: "service", hue: hueOf(row.service) }, row.service),
      h("span", {}, row.kind),
      row.status === "error" && h("span", { class: "badge failed" }, "error"),
      row.status === "ok" && h("span", { class: "badge well" }, "ok"),
      !["completed", "failed"].includes(row.outcome) && h("span", { class: "badge warned" }, row.outcome.replace("_", " "))),
    h("dl", { class: "figures" },
      figure("Duration", duration(row.duration_nanos)),
      figure("Its own", duration(row.own_nanos)),
      figure("Begins at", duration(row.offset_nanos))),
    fault(row),
    row.attributes.length > 0 && section("Attributes", attributeTable(row.attributes)),
    row.events.length > 0 && section("Events", row.events.map((event) => happening(event, row))),
    row.links.length > 0 && section("Links", row.links.map(linkTo)),
    loss(row),
    section("Where", pairs([
      ["source", row.source], ["crate", row.scope], ["span", row.span_id],
      ["parent", row.parent_span_id ?? "none"],
      row.local_root && row.parent_span_id && ["", "its parent is in another process"],
    ].filter(Boolean))),
  ].filter(Boolean);
}

function figure(name, value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

function section(title, ...content) {
  return h("section", {}, h("h3", {}, title), content.flat());
}

function fault(row) {
  const said = (key) => row.attributes.find((attribute) => attribute.key === key)?.value;
  const [kind, message] = [said("error.type"), said("error.message")];
  if (row.status !== "error" || (!kind && !message)) return null;
  return h("section", { class: "fault" }, h("b", {}, kind ?? "error"), message && h("pre", {}, message));
}

function attributeTable(attributes) {
  return h("table", { class: "pairs" }, h("tbody", {}, attributes.map(({ key, type, value }) => {
    const hint = `${type}; a click copies it`;
    return h("tr", {}, h("th", { scope: "row" }, key),
      h("td", { class: type }, h("button", { type: "button", "data-hint": hint, onclick: () => copy(value) }, value === "" ? "\u00a0" : value)));
  })));
}

function pairs(rows) {
  return h("table", { class: "pairs" }, h("tbody", {}, rows.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value)))));
}

function happening(event, row) {
  return h("div", { class: "happening" },
    h("div", {}, h("b", {}, event.name), h("span", { "data-hint": `${duration(event.offset_nanos)} after the trace began` }, `+${duration(event.offset_nanos - row.offset_nanos)}`)),
    event.attributes.length > 0 && attributeTable(event.attributes));
}

function linkTo(link) {
  return h("p", {}, h("a", { class: "mono", href: `#/traces/${link.trace_id}?span=${link.span_id}` }, `${link.trace_id.slice(0, 16)}… / ${link.span_id}`));
}

function loss(row) {
  const lost = [[row.dropped_attributes, "attribute"], [row.dropped_events, "event"], [row.dropped_links, "link"]].filter(([count]) => count > 0);
  return lost.length > 0 && h("section", { class: "loss" }, `${lost.map(([count, what]) => counted(count, what)).join(", ")} did not fit into the span.`);
}
