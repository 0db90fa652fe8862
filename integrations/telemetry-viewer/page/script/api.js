// What the page asks the viewer for.

// Wherever the page is mounted, with or without a slash at the end.
const BASE = location.pathname.replace(/\/+$/, "");

/// Asks for JSON; what went wrong is an error with a message for a person.
export async function ask(path, parameters = {}, signal = undefined) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value != null && value !== "") query.set(name, value);
  let response;
  try {
    response = await fetch(`${BASE}/api/${path}${query.size > 0 ? `?${query}` : ""}`, { signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("the viewer does not answer: is the service still running?");
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Error(answer?.error ?? `the viewer answered ${response.status}`);
  return answer;
}

/// Tells of changes as long as it is wanted. States: `live`, `paused`, `ended` and `lost`.
export class Changes {
  #events = null;
  #told;
  #tellState;

  constructor(told, tellState) {
    this.#told = told;
    this.#tellState = tellState;
  }

  get running() {
    return this.#events !== null;
  }

  start() {
    this.stop();
    const events = new EventSource(`${BASE}/api/live`);
    this.#events = events;
    events.addEventListener("open", () => this.#tellState("live"));
    events.addEventListener("change", () => this.#told());
    events.addEventListener("end", () => {
      // The service stops; it may come back.
      this.#told();
      this.#retry("ended");
    });
    events.addEventListener("error", () => this.#retry("lost"));
  }

  /// The browser's own attempts end at the first answer that is no stream; these go on.
  #retry(state) {
    const events = this.#events;
    events?.close();
    this.#tellState(state);
    setTimeout(() => {
      if (this.#events === events && events !== null) this.start();
    }, 2_000);
  }

  stop() {
    this.#events?.close();
    this.#events = null;
    this.#tellState("paused");
  }
}
