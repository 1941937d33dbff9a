/** One requirement of a prompt: how it stands among its alternatives, and whether it is shown. */
import { button, flag, h, write } from "./dom.js";
import { plural } from "./format.js";
import { ordinal, percentOf } from "./score-words.js";

export class Requirement {
  /** `onsay` receives the requirement and whether it is shown; null takes that back. */
  constructor(onsay) {
    this.text = h("strong");
    this.slot = h("span", { class: "v-tag" });
    this.value = h("span", { class: "v-number" });
    this.bar = h("div", { class: "v-chance", role: "img" }, h("i"), h("b"));
    this.against = h("p", { class: "v-hint" });
    const say = (shown) => () =>
      onsay(this.item.requirement, this.item.shown === shown ? null : shown);
    this.yes = button([h("span", { "aria-hidden": "true" }, "✓"), "It shows it"], say(true));
    this.no = button([h("span", { "aria-hidden": "true" }, "✕"), "It does not"], say(false));
    this.acts = h("div", { class: "v-match-acts", role: "group" }, this.yes, this.no);
    const head = h("div", { class: "v-match-head" }, this.text, this.slot, this.value);
    this.node = h("li", {}, head, this.bar, this.against, this.acts);
  }

  show(item) {
    this.item = item;
    const { requirement, slot, p, rank, of, percent, method, alternatives, shown } = item;
    write(this.text, requirement);
    write(this.slot, slot);
    write(this.value, percent === null ? `${ordinal(rank)} of ${of}` : percentOf(percent));
    this.value.title = percent === null ? "Among the pictures of its grid: relative" : "By your labels";
    this.bar.style.setProperty("--share", p);
    this.bar.style.setProperty("--even", 1 / (alternatives.length + 1));
    const others = alternatives.join(", ");
    const said = `${p.toFixed(2)} of 1 against ${plural(alternatives.length, "alternative")}`;
    flag(this.bar, "aria-label", said);
    write(this.against, `${method} · against ${others}`);
    this.against.title = others;
    this.acts.setAttribute("aria-label", requirement);
    flag(this.yes, "aria-pressed", String(shown === true));
    flag(this.no, "aria-pressed", String(shown === false));
  }
}
