/** The tray below the list: what is laid aside to be compared, and the way to the comparison. */
import { compare } from "./compare-sides.js";
import { openComparison } from "./compare-form.js";
import { LiveElement, button, flag, h, write } from "./dom.js";
import { modelName } from "./format.js";

const NEXT = "Choose another, or compare it at two strengths or with no LoRA at all.";

class Tray extends LiveElement {
  connect(signal) {
    this.list = h("ul", { class: "v-tray-list", "aria-label": "To compare" });
    this.next = h("p", { class: "v-hint", role: "status" });
    const open = button("Compare…", openComparison, { "data-kind": "primary" });
    const clear = button("Clear", () => compare.clear(), { "data-quiet": true });
    const acts = h("div", { class: "v-tray-acts" }, clear, open);
    this.bar = h("section", { class: "v-tray", "aria-label": "Comparison" });
    this.bar.append(this.list, this.next, acts);
    this.replaceChildren(this.bar);
    compare.watch(["change"], () => this.render(), signal);
  }

  render() {
    flag(this.bar, "hidden", compare.loras.length === 0);
    const { quarrel } = compare;
    flag(this.next, "hidden", compare.loras.length > 1 && !quarrel);
    write(this.next, quarrel ?? NEXT);
    this.list.replaceChildren(...compare.loras.map(entry));
  }
}

function entry(lora, index) {
  const spoken = modelName(lora.name);
  const drop = button("✕", () => compare.drop(lora.name), {
    class: "v-button v-icon",
    "data-quiet": true,
    "aria-label": `Take ${spoken} out of the comparison`,
  });
  const name = h("span", { class: "v-cut", title: lora.name }, lora.title ?? spoken);
  return h("li", {}, h("b", { class: "v-duel-side-name" }, "AB"[index]), name, drop);
}

customElements.define("vibes-compare", Tray);
