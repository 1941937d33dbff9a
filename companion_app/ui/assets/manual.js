/** MANUAL: checkpoint, LoRAs and settings chosen by hand; what is left empty the studio suggests. */
import { LiveElement, flag, h, menu } from "./dom.js";
import { familyName, modelName } from "./format.js";
import { NUMBERS, choice, fits } from "./manual-choice.js";
import { mode } from "./mode.js";
import { models } from "./models.js";
import { report } from "./notice.js";
import { LoraChips } from "./review-loras.js";
import { store } from "./store.js";

const LISTS = { sampler: "Sampler", scheduler: "Scheduler" };

class Manual extends LiveElement {
  connect(signal) {
    this.checkpoint = menu([], (checkpoint) => choice.set({ checkpoint }), {
      "aria-label": "Checkpoint",
    });
    this.loras = new LoraChips({ onchange: (loras) => choice.set({ loras }) });
    this.lists = Object.keys(LISTS).map((name) =>
      menu([], (value) => choice.set({ [name]: value }), { "aria-label": LISTS[name] }),
    );
    this.numbers = Object.keys(NUMBERS).map(numberField);
    const [steps, cfg, width, height] = this.numbers;
    const size = h("span", { class: "v-size" }, width, h("span", {}, "×"), height);
    this.replaceChildren(
      h(
        "div",
        { class: "v-manual-models" },
        named("Checkpoint", this.checkpoint),
        this.loraField(),
      ),
      h(
        "div",
        { class: "v-manual-settings" },
        ...[named("Steps", steps), named("CFG", cfg)],
        ...this.lists.map((list, index) => named(Object.values(LISTS)[index], list)),
        named("Size", size, "div"),
      ),
    );
    store.watch(["settings"], () => this.renderLists(), signal);
    models.watch(["change"], () => this.renderCheckpoints(), signal);
    choice.watch(["change"], () => this.render(), signal);
    mode.watch(["change"], () => this.loadModels(), signal);
    this.whenShown(() => this.loadModels());
  }

  loraField() {
    const label = h("span", { "aria-hidden": "true" }, "LoRAs");
    return h("div", { class: "v-field v-grow" }, label, this.loras.node);
  }

  async loadModels() {
    if (mode.value !== "manual") return;
    try {
      await models.load();
    } catch (error) {
      report(error, { label: "Try again", run: () => this.loadModels() });
    }
  }

  focusFirst() {
    const wrong = this.numbers.find((input) => input.hasAttribute("aria-invalid"));
    (choice.checkpoint && wrong ? wrong : this.checkpoint).focus();
  }

  /** By family, the largest first; one that is gone stays named until another is chosen. */
  renderCheckpoints() {
    const families = Map.groupBy(models.checkpoints, ({ family }) => family);
    const groups = [...families].sort(([, a], [, b]) => b.length - a.length).map(group);
    const first = h("option", { value: "" }, "Choose …");
    this.checkpoint.replaceChildren(first, ...groups);
    const { checkpoint } = choice;
    const known = !checkpoint || models.checkpoints.some(({ name }) => name === checkpoint);
    if (!known) this.checkpoint.append(h("option", { value: checkpoint }, modelName(checkpoint)));
    this.render();
  }

  renderLists() {
    const { settings } = store;
    const offered = [settings.samplers ?? [], settings.schedulers ?? []];
    this.lists.forEach((list, index) => {
      const options = offered[index].map((name) => h("option", {}, name));
      list.replaceChildren(h("option", { value: "" }, "suggested"), ...options);
    });
    this.render();
  }

  render() {
    const { values } = choice;
    this.checkpoint.value = values.checkpoint;
    this.lists.forEach((list, index) => (list.value = values[Object.keys(LISTS)[index]]));
    this.loras.show(values.loras, values.checkpoint);
    for (const input of this.numbers) {
      const text = values[input.name] ?? "";
      if (document.activeElement !== input) input.value = text;
      flag(input, "aria-invalid", fits(input.name, text) ? null : "true");
    }
  }
}

function group([family, checkpoints]) {
  const options = checkpoints.map(({ name }) => h("option", { value: name }, modelName(name)));
  return h("optgroup", { label: `${familyName(family)} (${checkpoints.length})` }, options);
}

function numberField(name) {
  const { label, min, max, step } = NUMBERS[name];
  return h("input", {
    ...{
      type: "number",
      class: "v-input",
      name,
      min,
      max,
      step,
      "aria-label": label,
      placeholder: "suggested",
    },
    oninput: ({ target }) => choice.set({ [name]: target.value }),
  });
}

function named(label, field, tag = "label") {
  return h(tag, { class: "v-field" }, h("span", { "aria-hidden": "true" }, label), field);
}

customElements.define("vibes-manual", Manual);
