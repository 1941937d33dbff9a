/** One more LoRA: what was considered already, and the whole library as soon as something is typed. */
import { get } from "./api.js";
import { button, flag, h } from "./dom.js";
import { familyName, modelName, percent } from "./format.js";
import { models } from "./models.js";

const PAUSE_MS = 200;
const SHOWN = 8;
/** Of so many found those that fit come first. */
const ASKED = 40;
/** A LoRA nothing says how strongly to use. */
const USUAL = 0.7;
let serial = 0;

export class Finder {
  at = 0;
  found = [];

  /** `onpick` receives {name, strength, base_model, reason}. */
  constructor({ onpick, suggested }) {
    Object.assign(this, { onpick, suggested });
    const id = `vibes-finder-${(serial += 1)}`;
    this.opener = button("+ LoRA", () => this.open(), { class: "v-button v-pill" });
    this.list = h("ul", { id, role: "listbox", "aria-label": "LoRAs found", hidden: true });
    this.input = h("input", {
      ...{ type: "text", class: "v-input", role: "combobox", hidden: true },
      ...{ "aria-label": "Search LoRAs", "aria-controls": id, autocomplete: "off" },
      ...{ placeholder: "Search all LoRAs" },
      ...{ "aria-expanded": "false", "aria-autocomplete": "list", spellcheck: "false" },
      oninput: () => this.typed(),
      onkeydown: (event) => this.pressed(event),
      onblur: () => this.close(),
    });
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus
    this.node = h("span", { class: "v-finder" }, this.opener, this.input, this.list);
  }

  /** Look for what goes with `checkpoint` and is none of `used`. */
  about(checkpoint, used) {
    Object.assign(this, { checkpoint, used });
  }

  focus() {
    this.opener.focus();
  }

  open() {
    this.input.value = "";
    this.reveal(true);
    this.input.focus();
    if (this.suggested.length) this.show(this.suggested.map(considered));
    else this.search("");
  }

  close() {
    clearTimeout(this.timer);
    Object.assign(this, { asked: null, isBehind: false, takesFirst: false });
    this.reveal(false);
  }

  reveal(on) {
    for (const node of [this.input, this.list]) flag(node, "hidden", !on);
    flag(this.opener, "hidden", on);
    this.input.setAttribute("aria-expanded", String(on));
  }

  typed() {
    clearTimeout(this.timer);
    Object.assign(this, { asked: null, isBehind: true, takesFirst: false });
    this.timer = setTimeout(() => this.search(this.input.value.trim()), PAUSE_MS);
  }

  async search(query) {
    const asked = (this.asked = {});
    try {
      const path = `/api/loras?query=${encodeURIComponent(query)}&limit=${ASKED}`;
      const loras = (await get(path)).map((lora) => this.listed(lora));
      loras.sort((a, b) => Boolean(a.against) - Boolean(b.against));
      if (this.asked === asked) this.answer(loras);
    } catch (error) {
      if (this.asked === asked) this.list.replaceChildren(h("li", {}, error.message));
    }
  }

  /** Show what was found; the first of it is taken where Enter could not wait. */
  answer(loras) {
    this.isBehind = false;
    this.show(loras);
    if (this.takesFirst) this.take();
  }

  /** A LoRA of the library: what it is for, and what speaks against it. */
  listed(lora) {
    const { name, base_model: base, triggers, recommended_strength: usual } = lora;
    const against = lora.blocked ?? lora.fault ?? models.misfit(this.checkpoint, lora);
    const about = [familyName(base), triggers.slice(0, 3).join(", ")].filter(Boolean).join(" · ");
    return { name, strength: usual ?? USUAL, base_model: base, hint: against ?? about, against };
  }

  show(found) {
    this.found = found.filter(({ name }) => !this.used.has(name)).slice(0, SHOWN);
    const none = h("li", { class: "v-hint" }, "No LoRA has that in its name, words or tags.");
    this.options = this.found.map((lora, index) => this.option(lora, index));
    this.list.replaceChildren(...(this.found.length ? this.options : [none]));
    this.move(0);
  }

  option(lora, index) {
    const { name, hint, against } = lora;
    const attributes = {
      id: `${this.list.id}-${index}`,
      role: "option",
      "data-against": !!against,
    };
    const text = [
      h("strong", { class: "v-cut" }, modelName(name)),
      h("span", { class: "v-cut" }, hint),
    ];
    return h("li", { ...attributes, title: hint, onclick: () => this.pick(lora) }, text);
  }

  move(to) {
    this.at = Math.max(0, Math.min(this.found.length - 1, to));
    this.options.forEach((option, index) =>
      option.setAttribute("aria-selected", String(index === this.at)),
    );
    flag(this.input, "aria-activedescendant", this.options[this.at]?.id);
    this.options[this.at]?.scrollIntoView({ block: "nearest" });
  }

  pressed(event) {
    const acts = {
      ArrowDown: () => this.move(this.at + 1),
      ArrowUp: () => this.move(this.at - 1),
      Enter: () => this.take(),
      Escape: () => this.leave(),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation(); // the page around it has other plans for these keys
    acts[event.key]();
  }

  /** Take the marked one, as soon as it is of what is written. */
  take() {
    if (this.isBehind) this.takesFirst = true;
    else if (this.found[this.at]) this.pick(this.found[this.at]);
  }

  pick({ name, strength, base_model, reason }) {
    this.leave();
    this.onpick({ name, strength, base_model, reason });
  }

  leave() {
    this.close();
    this.opener.focus();
  }
}

/** A LoRA the plan weighed and did not take. */
function considered({ lora, score, strength, reason }) {
  return { name: lora, strength, reason, hint: `${percent(score)} · ${reason}` };
}
