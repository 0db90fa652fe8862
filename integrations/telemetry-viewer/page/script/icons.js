// Pictures of a few strokes.

import { svg } from "./dom.js";

const STROKES = {
  search: "M7 12.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM11 11l3.5 3.5",
  chevron: "m6 4 4 4-4 4",
  cross: "m4 4 8 8M12 4l-8 8",
  warning: "M8 1.8 15 14H1L8 1.8ZM8 6.2v3.6M8 12v.1",
  check: "m2.5 8.5 3.5 3.5 7.5-8",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1v1.4M8 13.6V15M1 8h1.4M13.6 8H15M3.05 3.05l1 1M11.95 11.95l1 1M3.05 12.95l1-1M11.95 4.05l1-1",
  moon: "M13.5 9.8A5.8 5.8 0 0 1 6.2 2.5a5.8 5.8 0 1 0 7.3 7.3Z",
  half: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 2v12M8 5h4.7M8 8h6M8 11h4.7",
  rows: "M2 4h12M5 8h6M7 12h7",
  pulse: "M1 8h3l2-5 4 10 2-5h3",
  back: "m9.5 4-4 4 4 4",
};

export function icon(name, size = 16) {
  const path = svg("path", {
    d: STROKES[name], fill: "none", stroke: "currentColor", "stroke-width": 1.5, "stroke-linecap": "round", "stroke-linejoin": "round",
  });
  return svg("svg", { viewBox: "0 0 16 16", width: size, height: size, "aria-hidden": "true" }, path);
}
