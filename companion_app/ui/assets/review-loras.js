/** LoRAs as chips: name, strength in small steps, away with it, and one more. */
import { button, h, write } from "./dom.js";
import { modelName } from "./format.js";
import { LiveList } from "./list.js";
import { models } from "./models.js";
import { Finder } from "./review-finder.js";

const STEP = 0.05;
const LIMIT = 3;

export class LoraChips {
  /**
   * `onchange` receives all LoRAs after a change; `suggested` are LoRAs to offer before anything is
   * searched for: {lora, strength, reason}.
   */
  constructor({ onchange, suggested = [] }) {
    this.onchange = onchange;
    this.list = h("div", { class: "v-loras-list" });
    this.chips = new LiveList(this.list, () => new Chip((name, fields) => this.edit(name, fields)));
    this.finder = new Finder({ onpick: (lora) => this.add(lora), suggested });
    this.warning = h("p", { class: "v-misfit", role: "status" });
    const attributes = { class: "v-lora-chips", role: "group", "aria-label": "LoRAs" };
    this.node = h("div", attributes, this.list, this.finder.node, this.warning);
  }

  /** Show these LoRAs of a picture made with `checkpoint`. */
  show(loras, checkpoint) {
    this.loras = loras;
    this.finder.about(checkpoint, new Set(loras.map(({ name }) => name)));
    const misfits = loras.map((lora) => models.misfit(checkpoint, lora));
    this.chips.show(
      loras.map((lora, index) => ({ ...lora, id: lora.name, misfit: misfits[index] })),
    );
    write(this.warning, misfits.filter(Boolean).join(" "));
  }

  add(lora) {
    this.onchange([...this.loras, lora]);
  }

  /** Change one LoRA; without fields it goes. */
  edit(name, fields) {
    const others = this.loras.filter((lora) => fields || lora.name !== name);
    this.onchange(others.map((lora) => (lora.name === name ? { ...lora, ...fields } : lora)));
    if (!fields) this.finder.focus();
  }
}

class Chip {
  constructor(onedit) {
    const step = (by) => onedit(this.name, { strength: bounded(this.strength + by) });
    this.label = h("span", { class: "v-cut" });
    this.input = h("input", {
      ...{ type: "number", class: "v-input", min: -LIMIT, max: LIMIT, step: STEP },
      oninput: ({ target }) => {
        if (target.value && target.validity.valid)
          onedit(this.name, { strength: Number(target.value) });
      },
      onblur: () => this.write(),
    });
    const quiet = { class: "v-plain", tabindex: "-1", "aria-hidden": "true" };
    this.away = h(
      "button",
      { type: "button", class: "v-plain", onclick: () => onedit(this.name) },
      "✕",
    );
    this.node = h(
      "span",
      { class: "v-lora-chip" },
      ...[this.label, button("−", () => step(-STEP), quiet), this.input],
      ...[button("+", () => step(STEP), quiet), this.away],
    );
  }

  show({ name, strength, reason, misfit }) {
    Object.assign(this, { name, strength });
    this.label.textContent = modelName(name);
    this.node.title = [name, misfit ?? reason].filter(Boolean).join("\n");
    this.node.toggleAttribute("data-misfit", Boolean(misfit));
    this.input.setAttribute("aria-label", `Strength of ${modelName(name)}`);
    this.away.setAttribute("aria-label", `Without ${modelName(name)}`);
    if (document.activeElement !== this.input || Number(this.input.value) !== strength)
      this.write();
  }

  write() {
    this.input.value = this.strength.toFixed(2);
  }
}

/** To the next small step, within what a LoRA bears. */
function bounded(strength) {
  const stepped = Math.round(strength / STEP) * STEP;
  return Number(Math.max(-LIMIT, Math.min(LIMIT, stepped)).toFixed(2));
}
