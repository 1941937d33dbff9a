/** One quiet line for what went wrong or what just happened, with a way out. */
import { LiveElement, button, flag, h } from "./dom.js";

const PASSING_MS = 8000;
const channel = new EventTarget();
let current = null;

/** Say a sentence; `action` is an optional {label, run}. Errors stay until dismissed. */
export function say(sentence, { kind = "info", action = null } = {}) {
  show({ sentence, kind, action });
}

/** Show a failure as the sentence it carries. */
export function report(error, action = null) {
  say(error.message, { kind: "error", action });
}

/** Take the notice away; with a sentence, only that one. */
export function hush(sentence = current?.sentence) {
  if (current?.sentence === sentence) show(null);
}

function show(notice) {
  current = notice;
  channel.dispatchEvent(new Event("change"));
  if (notice?.kind === "info") setTimeout(() => current === notice && show(null), PASSING_MS);
}

class Notice extends LiveElement {
  connect(signal) {
    this.setAttribute("role", "status");
    this.setAttribute("aria-live", "polite");
    channel.addEventListener("change", () => this.render(), { signal });
    this.render();
  }

  render() {
    flag(this, "data-kind", current?.kind);
    this.replaceChildren(...(current ? this.content(current) : []));
  }

  content({ sentence, action }) {
    const run = () => {
      hush();
      action.run();
    };
    return [
      h("span", {}, sentence),
      action && button(action.label, run),
      button("✕", () => hush(), { "aria-label": "Dismiss", class: "v-button v-icon" }),
    ].filter(Boolean);
  }
}

customElements.define("vibes-notice", Notice);
