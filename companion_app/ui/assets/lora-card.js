/** One LoRA of the list: enough to know it again, to judge it and to act on it. */
import { rateBar } from "./bars.js";
import { compare } from "./compare-sides.js";
import { button, flag, h, once, write } from "./dom.js";
import { modelName } from "./format.js";
import { blockLora, blocks } from "./lora-blocks.js";
import { openLora } from "./lora-detail.js";
import { familyWords, idleWords, lacking, serverWords } from "./lora-words.js";
import { sourceWords, troubles, usageWords } from "./lora-words.js";
import { modelPicture, triggerChips } from "./lora-parts.js";

/** Trigger words on a card; the detail has all of them. */
const TRIGGERS = 2;

export class LoraCard {
  constructor({ name }) {
    this.picture = h("div", { class: "v-lora-picture" });
    this.open = h("button", { type: "button", class: "v-lora-name" });
    this.open.addEventListener("click", () => openLora(this.lora, this.fleet));
    this.family = h("span", { class: "v-hint v-lora-family" });
    this.triggers = h("div", { class: "v-tags" });
    this.tags = h("p", { class: "v-hint v-cut" });
    this.servers = h("p", { class: "v-hint v-cut v-lora-servers" });
    this.usage = h("div", { class: "v-lora-usage" });
    this.said = h("div", { class: "v-lora-said" });
    const quiet = { "data-quiet": true };
    this.compare = button("Compare", () => compare.add(this.lora), quiet);
    this.block = button(
      "Block",
      once(() => this.flip()),
      quiet,
    );
    const facts = [this.triggers, this.tags, this.servers, this.usage, this.said];
    this.node = h(
      "li",
      { class: "v-panel v-lora", "aria-label": modelName(name) },
      this.picture,
      h("div", { class: "v-lora-body" }, h("h3", {}, this.open), this.family, ...facts),
      h("div", { class: "v-lora-acts" }, this.compare, this.block),
    );
  }

  flip() {
    blockLora(this.lora.name, !blocks.has(this.lora.name));
  }

  /** `fleet` is every server there is. */
  show(lora, fleet) {
    this.renderBlock(lora);
    if (lora === this.lora && fleet === this.fleet) return;
    if (lora.has_preview !== this.lora?.has_preview)
      this.picture.replaceChildren(modelPicture("lora", lora));
    Object.assign(this, { lora, fleet });
    const spoken = modelName(lora.name);
    write(this.open, lora.title ?? spoken);
    this.open.title = lora.name;
    write(this.family, familyWords(lora));
    this.family.title = sourceWords(lora);
    this.triggers.replaceChildren(...triggerChips(lora.triggers, TRIGGERS));
    write(this.tags, lora.tags.join(" · "));
    this.tags.title = this.tags.textContent;
    write(this.servers, serverWords(lora, fleet));
    flag(this.servers, "data-lacking", lacking(lora, fleet).length > 0);
    this.renderUsage(lora);
    this.renderSaid(lora);
    this.compare.setAttribute("aria-label", `Compare: ${spoken}`);
  }

  renderUsage({ usage }) {
    const { total, selection_rate: rate, interval } = usage;
    const bar = total > 0 && rateBar(rate, interval, { spoken: "Picked: " });
    const text = h("span", { class: "v-hint v-number" }, usageWords(usage));
    this.usage.replaceChildren(...[text, bar].filter(Boolean));
  }

  /** What is wrong with it, and what it was found not to do. */
  renderSaid(lora) {
    const bad = troubles(lora).map((text) => h("p", { "data-kind": "bad" }, text));
    const quiet = [lora.blocked, idleWords(lora)].filter(Boolean);
    this.said.replaceChildren(...bad, ...quiet.map((text) => h("p", {}, text)));
    flag(this.node, "data-blocked", Boolean(lora.blocked));
  }

  renderBlock({ name }) {
    const verb = blocks.has(name) ? "Unblock" : "Block";
    write(this.block, verb);
    this.block.setAttribute("aria-label", `${verb}: ${modelName(name)}`);
    this.block.title = verb === "Block" ? "Never choose it by itself" : "Let it be chosen again";
  }
}
