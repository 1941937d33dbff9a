/** A server's log of faults: newest first, fetched when it is opened. */
import { get } from "./api.js";
import { h, hint } from "./dom.js";

const MOST = 50;
const SHORT = { timeStyle: "short" };

export class Faults {
  constructor(name) {
    this.name = name;
    this.list = h("ol", { class: "v-faults" });
    this.node = h(
      "details",
      { class: "v-more" },
      h("summary", {}, h("i", { class: "v-chevron" }), "Log"),
      this.list,
    );
    this.node.addEventListener("toggle", () => this.refresh());
  }

  /** Fetch the log anew where it is open. */
  async refresh() {
    if (!this.node.open) return;
    try {
      this.show(await get(`/api/gpus/${encodeURIComponent(this.name)}/faults?limit=${MOST}`));
    } catch (error) {
      this.list.replaceChildren(h("li", { class: "v-hint" }, error.message));
    }
  }

  show(faults) {
    const seen = JSON.stringify(faults);
    if (seen === this.seen) return;
    this.seen = seen;
    const lines = faults.map(({ time, kind, sentence }) =>
      h(
        "li",
        { "data-kind": kind },
        h("time", { class: "v-hint v-number", datetime: time }, when(time)),
        h("span", {}, sentence),
      ),
    );
    const none = h("li", { class: "v-none" }, hint("Nothing has gone wrong so far."));
    this.list.replaceChildren(...(lines.length ? lines : [none]));
  }
}

/** The time of day; with the date where it was not today. */
function when(time) {
  const then = new Date(time);
  const today = then.toDateString() === new Date().toDateString();
  return today
    ? then.toLocaleTimeString(undefined, SHORT)
    : then.toLocaleString(undefined, { dateStyle: "medium", ...SHORT });
}
