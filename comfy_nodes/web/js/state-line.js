/** How something stands or went: a title in the state's colour, and a sentence. */
import { h } from "./dom.js";

export class StateLine {
  constructor() {
    this.node = h("p", { class: "vibes-state", role: "status" });
  }

  /** `state` is "asking", "ok", "off", "away" or "refused". */
  say({ state, title = "", detail = "" }) {
    this.node.dataset.state = state;
    this.node.replaceChildren(...(title ? [h("strong", {}, title), " "] : []), detail);
  }
}
