/** One setting of the review: its value for all pictures, why, and what it could be instead. */
import { button, flag, h } from "./dom.js";
import { NUMBERS, fits } from "./manual-choice.js";
import { store } from "./store.js";

export class Setting {
  /** `names` are the fields it is made of: one, or width and height. */
  constructor(proposal, label, names, signal) {
    Object.assign(this, { proposal, names, parameters: proposal.plan.parameters });
    this.fields = names.map((name) =>
      this.field(name, names.length > 1 ? NUMBERS[name].label : label),
    );
    this.reset = button("Reset", () => this.undo(), { class: "v-plain v-reset" });
    const between = names.length > 1 && h("span", { "aria-hidden": "true" }, "×");
    const [first, second] = this.fields;
    const others = this.alternatives();
    this.node = h(
      "div",
      { class: "v-setting", role: "group", "aria-label": label },
      h("div", { class: "v-setting-name" }, h("span", {}, label), this.reset),
      h("div", { class: "v-size" }, first, between, second),
      h("p", { class: "v-hint" }, this.reason()),
      others.length > 0 && h("div", { class: "v-pills" }, others),
    );
    proposal.watch(["settings"], () => this.render(), signal);
  }

  field(name, label) {
    const disabled = this.parameters.every(({ fixed }) => fixed?.includes(name));
    const values = this.proposed(name);
    const range = values.length > 1 ? `${Math.min(...values)}–${Math.max(...values)}` : values[0];
    if (name in NUMBERS) {
      const { min, max, step } = NUMBERS[name];
      return h("input", {
        ...{ type: "number", class: "v-input", name, min, max, step },
        ...{ "aria-label": label, placeholder: range, disabled },
        oninput: ({ target }) => this.typed(name, target),
        onblur: () => this.render(),
      });
    }
    const options = [...new Set([...values, ...(store.settings[`${name}s`] ?? [])])];
    const mixed = values.length > 1 && h("option", { value: "" }, "by checkpoint");
    return h(
      "select",
      {
        ...{ class: "v-select", name, "aria-label": label, disabled },
        onchange: ({ target }) => this.decide({ [name]: target.value }),
      },
      ...[mixed, options.map((value) => h("option", {}, value))],
    );
  }

  /** What is proposed for a field, each value once. */
  proposed(name) {
    return [...new Set(this.parameters.map(({ values }) => values[name]))];
  }

  typed(name, input) {
    const fine = input.validity.valid && fits(name, input.value);
    flag(input, "aria-invalid", fine ? null : "true");
    if (fine) this.decide({ [name]: input.value && Number(input.value) });
  }

  /** Take these values for all pictures; what was proposed anyway, or nothing, is no decision. */
  decide(chosen) {
    for (const [name, value] of Object.entries(chosen)) {
      const values = this.proposed(name);
      const none = value === "" || (values.length === 1 && values[0] === value);
      this.proposal.set(name, none ? null : value);
    }
  }

  undo() {
    this.fields[0].focus();
    for (const name of this.names) this.proposal.set(name, null);
  }

  /** What else was weighed, as buttons that take it. */
  alternatives() {
    const weighed = new Map();
    for (const { alternatives, values } of this.parameters)
      for (const { value, reason } of alternatives[this.names[0]] ?? []) {
        const chosen = [value, ...this.partners(alternatives, values, reason)];
        weighed.set(chosen.join(" × "), { chosen, reason });
      }
    return [...weighed].map(([text, { chosen, reason }]) => this.alternative(text, chosen, reason));
  }

  /** The height that goes with a width: the one with the same reason, else the proposed one. */
  partners(alternatives, values, reason) {
    const [, second] = this.names;
    if (!second) return [];
    const partner = (alternatives[second] ?? []).find((other) => other.reason === reason);
    return [partner?.value ?? values[second]];
  }

  alternative(text, values, reason) {
    const chosen = Object.fromEntries(this.names.map((name, at) => [name, values[at]]));
    const attributes = { class: "v-button v-pill", title: reason };
    return button(text, () => this.decide(chosen), attributes);
  }

  /** The sentence all checkpoints share. */
  reason() {
    const reasons = new Set(this.parameters.map(({ reasons: said }) => said[this.names[0]] ?? ""));
    return reasons.size === 1 ? [...reasons][0] : "Differs by checkpoint.";
  }

  /** Show the decision, else what is proposed where all pictures share it. */
  render() {
    const { settings } = this.proposal;
    const changed = this.names.some((name) => name in settings);
    flag(this.node, "data-changed", changed);
    flag(this.reset, "hidden", !changed);
    this.fields.forEach((field, at) => {
      const name = this.names[at];
      const values = this.proposed(name);
      const shown = settings[name] ?? (values.length === 1 ? values[0] : "");
      if (field !== document.activeElement || Number(field.value) !== shown)
        this.fill(field, shown);
    });
  }

  /** Never over what is being typed and cannot be taken yet. */
  fill(field, shown) {
    const typing = field === document.activeElement && field.matches("input");
    if (typing && (field.value === "" || field.hasAttribute("aria-invalid"))) return;
    field.value = shown;
    flag(field, "aria-invalid", null);
  }
}
