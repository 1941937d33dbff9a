/** One line on a choosing node: what it chose, and a button that tells why. */
import { button, h } from "./dom.js";

export class ChoiceStrip {
  constructor({ t, explain }) {
    this.text = h("p", { class: "vibes-badge" });
    const label = t("why.button");
    this.why = button(label, () => explain(this.choice), { "aria-haspopup": "dialog" });
    this.node = h("div", { class: "vibes-strip" }, this.text, this.why);
  }

  /** Stand for this choice from now on. */
  show(choice) {
    this.choice = choice;
    this.text.textContent = choice.badge;
    this.text.title = choice.reason;
    this.why.setAttribute("aria-label", `${this.why.textContent} ${choice.badge}`);
  }
}
