// A colour for each service and series. None is near red, which is for errors alone.

const HUES = [265, 185, 80, 315, 145, 230, 110, 340];

const hues = new Map();

/// The hue of a service: the next free one when it is first seen, so that few services never share one.
export function hueOf(service) {
  if (!hues.has(service)) hues.set(service, HUES[hues.size % HUES.length]);
  return hues.get(service);
}

export function hueAt(index) {
  return HUES[index % HUES.length];
}
