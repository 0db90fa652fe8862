// Light, dark, or as the system has it; the choice is remembered by the browser.

import { announce, byId } from "./dom.js";
import { icon } from "./icons.js";

const THEMES = ["system", "light", "dark"];
const STORED_THEME = "telemetry-viewer-theme";

let theme = "system";

export function startTheme(changed) {
  try {
    const stored = localStorage.getItem(STORED_THEME);
    if (THEMES.includes(stored)) theme = stored;
  } catch {
    // Storage may be forbidden; then nothing is remembered.
  }
  showTheme();
  byId("theme").addEventListener("click", () => nextTheme(changed));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}

/// To the other look first, whatever the system's is, and to the system's in the end.
export function nextTheme(changed) {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  try {
    localStorage.setItem(STORED_THEME, theme);
  } catch {
    // As above.
  }
  showTheme();
  announce(`theme: ${theme}`);
  changed();
}

function showTheme() {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const button = byId("theme");
  button.replaceChildren(icon({ system: "half", light: "sun", dark: "moon" }[theme]));
  button.setAttribute("aria-label", `Theme: ${theme}`);
  button.dataset.hint = `Theme: ${theme === "system" ? "as the system" : theme} (T)`;
}
