// Making elements. Text becomes text and never markup: names and values may come from anybody.

import { seen } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";

/// An element with properties and children; children that are null or false are left out.
export function h(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/// The same for SVG.
export function svg(tag, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children);
}

function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "hue") tint(element, value);
    else element.setAttribute(name, value === true ? "" : typeof value === "string" ? seen(value) : value);
  }
  const present = children.flat().filter((child) => child != null && child !== false);
  element.append(...present.map((child) => typeof child === "string" ? seen(child) : child));
  return element;
}

/// Gives an element and all inside the colours of a hue.
export function tint(element, hue) {
  element.classList.add("hued");
  element.style.setProperty("--hue", hue);
}

export function byId(id) {
  return document.getElementById(id);
}

/// Says something to those who listen to the page.
export function announce(text) {
  byId("announce").textContent = text;
}

/// Keeps the children of an element in the order of keys, making and renewing only what is new or has changed.
export function keyed(parent, items, keyOf, make, renew) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let next = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let child = known.get(key);
    known.delete(key);
    if (child === undefined) {
      child = make(item);
      child.dataset.key = key;
    } else {
      renew(child, item);
    }
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
  for (const child of known.values()) child.remove();
}

/// A function that runs a given one at the next frame, once.
export function atFrame(run) {
  let asked = 0;
  return () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      run();
    });
  };
}

/// A canvas's context in units of the page, its picture cleared and sharp.
export function painting(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const context = canvas.getContext("2d");
  context.scale(density, density);
  return { context, width, height };
}

/// A colour of the theme as the canvas takes it.
export function themed(name, element = document.body) {
  const probe = h("i", { hidden: true });
  probe.style.setProperty("color", `var(${name})`);
  element.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}

export function copy(text) {
  navigator.clipboard?.writeText(text).then(() => announce("copied"), () => announce("the browser does not copy"));
}
