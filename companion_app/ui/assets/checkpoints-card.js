/** One checkpoint in a pool, or outside of all: dragged, or changed by its menu. */
import { presence, rateOf } from "./checkpoints-parts.js";
import { button, flag, h, write } from "./dom.js";
import { modelName } from "./format.js";
import { modelPicture } from "./lora-parts.js";
import { familyWords, sourceWords, troubles } from "./lora-words.js";
import { draggable } from "./pools-drag.js";
import { openMenu } from "./pools-menu.js";
import { choices, pools } from "./pools-state.js";

export class CheckpointCard {
  /** `tier` is the pool the card stands in; null: outside of all. */
  constructor({ name }, tier) {
    this.tier = tier;
    this.picture = h("div", { class: "v-lora-picture" });
    this.family = h("span", { class: "v-hint v-lora-family" });
    this.by = h("span", { class: "v-hint v-by" });
    this.presence = h("span");
    this.rate = h("div", { class: "v-checkpoint-rate" });
    this.said = h("div", { class: "v-lora-said" });
    const spoken = modelName(name);
    this.more = button("⋯", () => openMenu(this.more, choices(this.checkpoint)), {
      class: "v-button v-icon",
      "data-quiet": true,
      "aria-label": `Change the pools of ${spoken}`,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
    });
    const title = h("strong", { class: "v-cut", title: name }, spoken);
    const line = h("div", { class: "v-checkpoint-line" }, this.family, this.presence, this.by);
    const body = h("div", { class: "v-checkpoint-body" }, title, line, this.rate, this.said);
    this.node = h(
      "li",
      { class: "v-checkpoint", "aria-label": spoken },
      this.picture,
      body,
      this.more,
    );
    draggable(
      this.node,
      () => ({ name, family: this.checkpoint.family, tier }),
      () => this.node.closest("vibes-checkpoints"),
    );
  }

  /** `item` is the checkpoint, and by whom it is in this pool. */
  show({ checkpoint, by }) {
    const seen = JSON.stringify([
      checkpoint,
      by,
      pools.fleet.map(({ name, state }) => [name, state]),
    ]);
    if (seen === this.seen) return;
    if (checkpoint.has_preview !== this.checkpoint?.has_preview)
      this.picture.replaceChildren(modelPicture("checkpoint", checkpoint));
    Object.assign(this, { checkpoint, seen });
    write(this.family, familyWords(checkpoint));
    this.family.title = sourceWords(checkpoint);
    write(this.by, by === "user" ? "added by you" : "");
    this.presence.replaceChildren(presence(checkpoint, pools.fleet));
    this.rate.replaceChildren(rateOf(checkpoint));
    this.said.replaceChildren(
      ...troubles(checkpoint).map((text) => h("p", { "data-kind": "bad" }, text)),
    );
    flag(this.node, "data-by", by);
  }
}
