// The page of recent traces.

import { ago, clock, counted, duration, millisOf, moment, whole } from "./format.js";
import { announce, h, keyed } from "./dom.js";
import { icon } from "./icons.js";
import { hueOf } from "./colors.js";
import { ask } from "./api.js";
import { Scatter } from "./scatter.js";

const PAGE_SIZE = 100;
const ORDERS = [["recent", "Recent"], ["errors", "Errors first"], ["slowest", "Slowest"]];
const CHIPS = [["status:error", "Errors"], ["status:5xx", "5xx"], ["kind:server", "Requests"], ["duration>100ms", "> 100 ms"]];
const HELP = `A name, or terms side by side:
status:error   status:404   status:5xx
route:/books   service:shop   kind:server
duration>10ms   duration<1.5s
book.id=17   db.statement~select
trace:4bf92f   "two words"`;

export class TracesPage {
  title = "Traces";
  #go;
  #state;
  #traces = [];
  #next = null;
  #asked = null;
  #scatter = new Scatter((trace) => this.#go(`#/traces/${trace.trace_id}`));
  #input = h("input", {
    type: "search", placeholder: "Search: a name, status:error, duration>10ms, book.id=17 …", "aria-label": "Search traces",
    autocomplete: "off", spellcheck: "false", autocapitalize: "off", maxlength: 1000, "data-hint": HELP,
  });
  #key = h("kbd", {}, "/");
  #clear = h("button", { type: "button", class: "plain clear", onclick: () => this.#search("") }, "Clear");
  #orders = h("span", { class: "choice", role: "radiogroup", "aria-label": "Order" });
  #chips = h("span", { class: "chips" });
  #found = h("span", { class: "found" });
  #mistake = h("div", { class: "mistake", role: "alert", hidden: true });
  #list = h("ol", { class: "traces", "aria-label": "Traces", hidden: true });
  #empty = h("div", { class: "empty", hidden: true });
  #more = h("div", { class: "more", hidden: true }, h("button", { type: "button", class: "plain", onclick: () => this.#loadMore() }, "Search further back"));

  constructor(parameters, go) {
    this.#go = go;
    this.#state = { q: parameters.get("q") ?? "", order: parameters.get("order") ?? "recent" };
    this.#input.value = this.#state.q;
    this.#input.addEventListener("input", () => this.#typed());
    for (const [order, label] of ORDERS) {
      const choose = () => this.#change({ order });
      this.#orders.append(h("button", { type: "button", role: "radio", "data-order": order, onclick: choose }, label));
    }
    for (const [term, label] of CHIPS) {
      this.#chips.append(h("button", { type: "button", class: "chip", "data-term": term, onclick: () => this.#toggle(term) }, label));
    }
    this.element = h("div", { class: "sheet" },
      h("h1", { class: "unseen" }, "Recent traces"),
      h("div", { class: "search" }, icon("search"), this.#input, this.#key, this.#clear),
      this.#mistake,
      h("div", { class: "sieve" }, this.#orders, this.#chips, this.#found),
      this.#scatter.element, this.#list, this.#empty, this.#more);
    this.#showState();
  }

  async refresh() {
    // Whoever has gone further back reads; what is new waits.
    if (this.#traces.length > PAGE_SIZE && this.#asked === null) return;
    await this.#load();
  }

  repaint() {
    this.#scatter.show(this.#traces);
  }

  leave() {
    this.#asked?.abort();
  }

  key(event) {
    if (event.key === "/") this.#input.select();
    else if (event.key === "j" || event.key === "ArrowDown") this.#step(1);
    else if (event.key === "k" || event.key === "ArrowUp") this.#step(-1);
    else return false;
    return true;
  }

  escape() {
    if (this.#state.q === "") return false;
    this.#search("");
    return true;
  }

  #step(by) {
    const links = [...this.#list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
  }

  #typed() {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.#change({ q: this.#input.value.trim() }), 180);
  }

  #search(q) {
    clearTimeout(this.typing);
    this.#input.value = q;
    this.#input.focus();
    this.#change({ q });
  }

  #toggle(term) {
    const terms = this.#state.q.split(/\s+/).filter((known) => known !== "");
    const kept = terms.filter((known) => known !== term);
    const q = (kept.length === terms.length ? [...terms, term] : kept).join(" ");
    this.#input.value = q;
    this.#change({ q });
  }

  #change(change) {
    Object.assign(this.#state, change);
    const { q, order } = this.#state;
    const query = new URLSearchParams();
    if (q) query.set("q", q);
    if (order !== "recent") query.set("order", order);
    history.replaceState(null, "", `#/traces${query.size > 0 ? `?${query}` : ""}`);
    this.#showState();
    this.#traces = [];
    void this.#load();
  }

  #showState() {
    const { q, order } = this.#state;
    for (const button of this.#orders.children) button.setAttribute("aria-checked", String(button.dataset.order === order));
    const terms = q.split(/\s+/);
    for (const chip of this.#chips.children) chip.setAttribute("aria-pressed", String(terms.includes(chip.dataset.term)));
    this.#key.hidden = q !== "";
    this.#clear.hidden = q === "";
  }

  async #load(before = null) {
    this.#asked?.abort();
    const asked = new AbortController();
    this.#asked = asked;
    try {
      const { q, order } = this.#state;
      const answer = await ask("traces", { q, order, limit: PAGE_SIZE, before }, asked.signal);
      if (this.#asked !== asked) return;
      this.#mistake.hidden = true;
      this.#traces = before ? [...this.#traces, ...answer.traces] : answer.traces;
      this.#next = answer.next;
      this.#show(answer.searched);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#mistake.replaceChildren(icon("warning"), h("span", {}, error.message));
      this.#mistake.hidden = false;
    } finally {
      if (this.#asked === asked) this.#asked = null;
    }
  }

  #loadMore() {
    const last = this.#list.lastElementChild?.querySelector("a");
    void this.#load(this.#next).then(() => last?.focus());
  }

  #show(searched) {
    const longest = Math.max(1, ...this.#traces.map((trace) => trace.duration_nanos));
    const look = (trace) => JSON.stringify([trace, longest]);
    keyed(this.#list, this.#traces, (trace) => trace.trace_id,
      (trace) => {
        const item = h("li", {}, rowOfTrace(trace, longest));
        item.look = look(trace);
        return item;
      },
      (item, trace) => {
        const renewed = look(trace);
        if (item.look === renewed) {
          item.querySelector(".at small").textContent = ago(millisOf(trace.start_unix_nanos));
          return;
        }
        item.look = renewed;
        const focused = item.contains(document.activeElement);
        item.replaceChildren(rowOfTrace(trace, longest));
        if (focused) item.firstElementChild.focus();
      });
    const none = this.#traces.length === 0;
    this.#list.hidden = none;
    this.#more.hidden = this.#next === null || this.#state.order !== "recent";
    this.#empty.hidden = !none;
    if (none) this.#empty.replaceChildren(...this.#nothing(searched));
    this.#found.textContent = none ? "" : `${counted(this.#traces.length, "trace")}${this.#next ? " and more" : ""}`;
    this.#scatter.show(this.#traces);
    if (this.#state.q) announce(`${counted(this.#traces.length, "trace")} found`);
  }

  #nothing(searched) {
    if (this.#state.q) {
      const among = searched === null ? (latest) => (latest ? "so far back" : "in the file") : (latest) => `among ${latest}${counted(searched, "trace")}`;
      const where = this.#next ? `${among("the latest ")}; further back there may be some.` : `${among("")}.`;
      return [icon("search", 36), h("h2", {}, "No trace matches"), h("p", {}, `Nothing was found ${where}`)];
    }
    return [icon("rows", 36), h("h2", {}, "No traces yet"), h("p", {}, "They appear here as soon as the first one has ended and was drained, a second later at the most.")];
  }
}

function rowOfTrace(trace, longest) {
  const start = millisOf(trace.start_unix_nanos);
  const failed = trace.errors > 0;
  const meter = h("i", { class: failed ? "failed" : "" });
  meter.style.width = `${(trace.duration_nanos / longest) * 100}%`;
  return h("a", { class: "trace-row", href: `#/traces/${trace.trace_id}`, hue: hueOf(trace.services[0] ?? "") },
    h("span", { class: "at", "data-hint": moment(start) }, clock(start), h("small", {}, ago(start))),
    h("span", { class: "what" },
      h("span", { class: "title" }, h("b", {}, trace.name), trace.http_status && statusBadge(trace.http_status),
        !trace.rooted && h("span", { class: "badge warned", "data-hint": "The root is not here: it was dropped, or is not over yet" }, "no root")),
      trace.error ? h("span", { class: "said", "data-hint": trace.error }, trace.error)
        : h("span", { class: "sides" }, trace.services.map((service) => h("span", { class: "service", hue: hueOf(service) }, service)))),
    h("span", { class: "number failures" }, failed && h("span", { class: "badge failed" }, counted(trace.errors, "error"))),
    h("span", { class: "number count" }, trace.spans === 1 ? "1 span" : `${whole(trace.spans)} spans`),
    h("span", { class: "length" }, h("b", {}, duration(trace.duration_nanos)), h("span", { class: "meter" }, meter)));
}

export function statusBadge(status) {
  const look = status >= 500 ? "failed" : status >= 400 ? "warned" : "";
  return h("span", { class: `badge ${look}` }, String(status));
}
