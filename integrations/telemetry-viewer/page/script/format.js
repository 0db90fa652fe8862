// Numbers, times and lengths for a person. Everything here gives text.

const ONE_DAY = 86_400_000;

/// Text with what would act instead of being seen written out: control characters, and those that turn the direction of
/// what follows, by which one name can look like another.
export function seen(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u{${character.codePointAt(0).toString(16)}}`);
}

/// A length of time in three significant digits and the unit that suits it.
export function duration(nanos) {
  if (nanos == null) return "–";
  if (nanos === 0) return "0";
  if (nanos < 1_000) return `${Math.round(nanos)} ns`;
  for (const [unit, name] of [[1e3, "µs"], [1e6, "ms"], [1e9, "s"]]) {
    const amount = nanos / unit;
    if (amount < 9.995) return `${amount.toFixed(2)} ${name}`;
    if (amount < 99.95) return `${amount.toFixed(1)} ${name}`;
    if (amount < 999.5 && (name !== "s" || amount < 119.5)) return `${amount.toFixed(0)} ${name}`;
  }
  const seconds = Math.round(nanos / 1e9);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} m`;
}

/// The text of a round amount without the zeros behind its point: `20.0 ms` is `20 ms`, and `200 µs` stays.
export function roundly(text) {
  return text.replace(/\.0+(?=\s|$)/, "").replace(/(\.\d*?)0+(?=\s|$)/, "$1");
}

/// A moment as the browser's own time of day, to the millisecond.
export function clock(millis) {
  const date = new Date(millis);
  const two = (number) => String(number).padStart(2, "0");
  const fraction = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${fraction}`;
}

/// How long ago a moment was, or its day.
export function ago(millis, now = Date.now()) {
  const since = now - millis;
  if (since < 1_500) return "just now";
  if (since < 60_000) return `${Math.round(since / 1_000)} s ago`;
  if (since < 3_600_000) return `${Math.round(since / 60_000)} min ago`;
  if (since < ONE_DAY) return `${Math.round(since / 3_600_000)} h ago`;
  return new Date(millis).toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });
}

/// A moment in full, for a hint.
export function moment(millis) {
  return `${new Date(millis).toLocaleDateString(undefined, { dateStyle: "full" })}, ${clock(millis)}`;
}

/// A text of nanoseconds, too large for a number, as milliseconds.
export function millisOf(unixNanos) {
  return Number(BigInt(unixNanos) / 1_000n) / 1_000;
}

/// A whole number with its digits in groups.
export function whole(number) {
  return number == null ? "–" : number.toLocaleString("en", { maximumFractionDigits: 0 }).replaceAll(",", "\u202f");
}

export function counted(number, word) {
  return `${whole(number)} ${word}${number === 1 ? "" : "s"}`;
}

/// A value of an instrument with its unit.
export function measured(number, unit) {
  if (number == null || Number.isNaN(number)) return "–";
  if (unit === "seconds") return number < 0 ? `-${duration(-number * 1e9)}` : duration(number * 1e9);
  if (unit === "bytes") return scaled(number, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
  if (unit === "ratio") return `${digits(number * 100)} %`;
  return scaled(number, 1000, ["", "k", "M", "G", "T"]);
}

function scaled(number, step, units) {
  if (step === 1000 && Number.isInteger(number) && Math.abs(number) < 100_000) return whole(number);
  let [rest, unit] = [Math.abs(number), 0];
  while (rest >= step * 0.9995 && unit < units.length - 1) {
    rest /= step;
    unit += 1;
  }
  const sign = number < 0 ? "-" : "";
  return `${sign}${digits(rest)}${units[unit] && `\u202f${units[unit]}`}`;
}

/// Three significant digits, without zeros that say nothing.
function digits(number) {
  if (number === 0) return "0";
  if (Math.abs(number) < 0.001) return number.toExponential(1);
  return String(Number(number.toPrecision(3)));
}

/// About so many round steps over a stretch: the multiples of 1, 2 or 5 times a power of ten.
export function steps(from, to, about) {
  const rough = (to - from) / about;
  if (!(rough > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((times) => times * power >= rough) * power;
  const found = [];
  for (let at = Math.ceil(from / step) * step; at <= to + step * 1e-9; at += step) found.push(at);
  return found;
}
