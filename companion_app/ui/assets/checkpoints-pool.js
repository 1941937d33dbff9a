/** The pool of one tier, and what of its family is left out of it. */
import { CheckpointCard } from "./checkpoints-card.js";
import { button, flag, h, hint, write } from "./dom.js";
import { familyName, modelName, plural } from "./format.js";
import { LiveList } from "./list.js";
import { droppable } from "./pools-drag.js";
import { edit, pools } from "./pools-state.js";

const EMPTY =
  "Nothing can be chosen for this tier: drop a checkpoint here, or put one in by its menu.";

export class PoolPanel {
  constructor({ tier, family }) {
    this.tier = tier;
    this.about = hint("");
    this.cards = h("ul", { class: "v-checkpoints", "aria-label": `Pool of ${tier}` });
    this.list = new LiveList(this.cards, (item) => new CheckpointCard(item.checkpoint, tier));
    this.empty = hint(EMPTY);
    this.summary = h("span");
    this.out = h("ul", { class: "v-pool-out" });
    const summary = h("summary", {}, h("i", { class: "v-chevron" }), this.summary);
    this.details = h("details", { class: "v-more" }, summary, this.out);
    this.node = h(
      "section",
      { class: "v-panel v-pool", "data-drop": "in", "aria-label": tier },
      h("header", {}, h("h3", {}, tier), this.about),
      this.cards,
      this.empty,
      this.details,
    );
    const fits = (held) => !held.family || held.family === family;
    droppable(this.node, fits, (held) => held.tier !== tier && edit(tier, held.name, true));
  }

  show({ family, checkpoints, left_out: out }) {
    write(this.about, `${familyName(family)} · ${plural(checkpoints.length, "checkpoint")}`);
    this.list.show(items(checkpoints));
    flag(this.empty, "hidden", checkpoints.length > 0);
    flag(this.details, "hidden", out.length === 0);
    write(this.summary, `${out.length} left out`);
    this.out.replaceChildren(...out.map((one) => this.row(one)));
  }

  row({ name, by }) {
    const spoken = modelName(name);
    const why = by === "user" && h("span", { class: "v-hint v-by" }, "taken out by you");
    const put = button("Put in", () => edit(this.tier, name, true), {
      "data-quiet": true,
      "aria-label": `Put ${spoken} into ${this.tier}`,
    });
    return h("li", {}, h("span", { class: "v-cut", title: name }, spoken), why, put);
  }
}

/** The checkpoints that are in no pool at all; what is dropped here leaves the pool it came from. */
export class Outside {
  constructor() {
    this.said = hint("");
    this.cards = h("ul", { class: "v-checkpoints v-checkpoints-wide", "aria-label": "In no pool" });
    this.list = new LiveList(this.cards, (item) => new CheckpointCard(item.checkpoint, null));
    this.node = h(
      "section",
      { class: "v-panel v-pool", "data-drop": "out", "aria-label": "In no pool" },
      h("header", {}, h("h3", {}, "In no pool"), this.said),
      this.cards,
    );
    const leaves = (held) => held.tier !== null;
    droppable(this.node, leaves, (held) => leaves(held) && edit(held.tier, held.name, false));
  }

  show(checkpoints) {
    const told = checkpoints.length
      ? "Never chosen by itself. Drag one into a pool, or drop one here to take it out."
      : "Every checkpoint is in a pool. Drop one here to take it out of the pool it is dragged from.";
    write(this.said, told);
    this.list.show(
      checkpoints.map((checkpoint) => ({ id: checkpoint.name, checkpoint, by: null })),
    );
  }
}

/** The entries of a pool with what is known of each; one that vanished meanwhile has nothing. */
function items(entries) {
  return entries
    .map(({ name, by }) => ({ id: name, by, checkpoint: pools.checkpoint(name) }))
    .filter(({ checkpoint }) => checkpoint);
}
