// What an element says when the pointer or the focus rests on it.

import { byId } from "./dom.js";

export function startHints() {
  let shown = null;
  const show = (event) => {
    const target = event.target instanceof Element ? event.target.closest("[data-hint]") : null;
    if (target === shown) return;
    hideHint();
    shown = target;
    if (target && (event.type !== "focusin" || target.matches(":focus-visible"))) {
      const { left, bottom } = target.getBoundingClientRect();
      placeHint(target.dataset.hint, event.clientX ?? left, event.type === "focusin" ? bottom : event.clientY);
    }
  };
  const hide = () => {
    shown = null;
    hideHint();
  };
  document.addEventListener("pointerover", show);
  document.addEventListener("focusin", show);
  document.addEventListener("pointerdown", hide);
  document.addEventListener("scroll", hide, true);
  document.addEventListener("keydown", hide);
}

/// Puts a hint beside a point, within the window.
export function placeHint(text, x, y) {
  const hint = byId("hint");
  hint.textContent = text;
  hint.hidden = false;
  const { width, height } = hint.getBoundingClientRect();
  const left = Math.min(Math.max(8, x + 12), innerWidth - width - 8);
  const top = y + 18 + height > innerHeight - 8 ? y - height - 12 : y + 18;
  hint.style.left = `${left}px`;
  hint.style.top = `${Math.max(8, top)}px`;
}

export function hideHint() {
  byId("hint").hidden = true;
}
