/** All checkpoints in one table: which server has which, and which is picked how often. */
import { scaleFor } from "./bars.js";
import { dotWords, rateOf } from "./checkpoints-parts.js";
import { button, flag, h, hint } from "./dom.js";
import { modelName } from "./format.js";
import { familyWords } from "./lora-words.js";
import { pools } from "./pools-state.js";

const text = (a, b) => a.localeCompare(b);
/** Column -> how it orders; the first click puts first what is mostly looked for. */
const ORDERS = {
  Checkpoint: (a, b) => text(modelName(a.name), modelName(b.name)),
  Family: (a, b) => text(familyWords(a), familyWords(b)),
  Servers: (a, b) => b.servers.length - a.servers.length,
  Picked: (a, b) => b.usage.selected - a.usage.selected,
  Rate: (a, b) => rank(b) - rank(a),
};
const rank = ({ usage }) => (usage.total ? usage.selection_rate : -1);

export class CheckpointTable {
  order = "Rate";
  isReversed = false;

  constructor() {
    this.heads = Object.keys(ORDERS).map((name) => {
      const node = h("th", { scope: "col" });
      node.append(button(name, () => this.sortBy(name), { class: "v-sort" }));
      return node;
    });
    this.columns = h("tr");
    this.rows = h("tbody");
    const table = h("table", { class: "v-fleet-table" }, h("thead", {}, this.columns), this.rows);
    const about = hint("Full: the server has it. Rates with the range they likely lie in.");
    this.node = h("section", { class: "v-panel" }, h("h3", {}, "Every checkpoint"), about, table);
  }

  sortBy(name) {
    this.isReversed = name === this.order && !this.isReversed;
    this.order = name;
    this.render();
  }

  render() {
    const { checkpoints, fleet } = pools;
    const sorted = [...checkpoints].sort(
      (a, b) => ORDERS[this.order](a, b) || ORDERS.Checkpoint(a, b),
    );
    if (this.isReversed) sorted.reverse();
    for (const head of this.heads) {
      const isMine = head.textContent === this.order;
      flag(head, "aria-sort", isMine ? (this.isReversed ? "ascending" : "descending") : null);
    }
    const [name, family, servers, ...rest] = this.heads;
    servers.colSpan = Math.max(1, fleet.length);
    const focused = this.columns.contains(document.activeElement) && document.activeElement;
    this.columns.replaceChildren(name, family, servers, ...rest);
    if (focused) focused.focus({ preventScroll: true });
    const used = checkpoints.filter(({ usage }) => usage.total).map(({ usage }) => usage.interval);
    const most = scaleFor(used);
    this.rows.replaceChildren(this.names(fleet), ...sorted.map((one) => line(one, fleet, most)));
  }

  /** The servers' names above their dots. */
  names(fleet) {
    const cells = fleet.map(({ name, state }) =>
      h(
        "th",
        { scope: "col", class: "v-server-name", "data-away": state === "offline", title: name },
        h("span", { class: "v-cut" }, name),
      ),
    );
    const gap = (span) => h("td", { colspan: String(span) });
    return h("tr", { class: "v-fleet-names" }, gap(2), cells.length ? cells : gap(1), gap(2));
  }
}

function line(checkpoint, fleet, most) {
  const { name, servers, usage } = checkpoint;
  const dots = fleet.map(({ name: server, state }) => {
    const has = servers.includes(server);
    const said = dotWords(server, has, state);
    const dot = h("i", { "data-has": has, role: "img", "aria-label": has ? "yes" : "no" });
    return h("td", { class: "v-dot-cell", title: said, "data-away": state === "offline" }, dot);
  });
  return h(
    "tr",
    {},
    h("th", { scope: "row", title: name }, modelName(name)),
    h("td", {}, familyWords(checkpoint)),
    dots.length ? dots : h("td"),
    h("td", { class: "v-number" }, usage.total ? `${usage.selected} of ${usage.total}` : "–"),
    h("td", { class: "v-fleet-rate" }, rateOf(checkpoint, { most })),
  );
}
