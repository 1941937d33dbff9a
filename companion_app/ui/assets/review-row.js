/** One proposal of the review: checkpoint, LoRAs and added words for some of the pictures. */
import { button, flag, h, hint, write } from "./dom.js";
import { modelName, percent, plural } from "./format.js";
import { deeperThanMinimal } from "./levels.js";
import { LoraChips } from "./review-loras.js";
import { findsWords, isChanged, spoken } from "./review-proposal.js";

const WORDS_FOUND = "The words these LoRAs answer to are added to the prompt.";
const CHANGED = "Changed by you";
/** Settings of which a row tells how far its pictures differ. */
const SPREAD = { steps: "Steps", cfg: "CFG" };

export class Row {
  constructor(proposal) {
    this.proposal = proposal;
    const change = (fields) => proposal.change(this.row, fields);
    this.tick = h("input", {
      type: "checkbox",
      onchange: ({ target }) => change({ taken: target.checked }),
    });
    this.count = h("span", { class: "v-proposal-count" });
    this.menu = h("select", {
      ...{ class: "v-select", "aria-label": "Checkpoint" },
      onchange: ({ target }) => change({ checkpoint: target.value }),
    });
    this.reason = h("p", { class: "v-proposal-reason" });
    this.only = button("Only this", () => proposal.only(this.row), { "data-quiet": true });
    this.reset = button("Reset", () => this.undo(), { "data-quiet": true });
    this.loras = new LoraChips({
      onchange: (loras) => change({ loras }),
      suggested: proposal.plan.lora_alternatives,
    });
    this.words = h("div", { class: "v-pills" });
    this.why = h("div", { class: "v-proposal-why" });
    const acts = h("div", { class: "v-proposal-acts" }, this.reset, this.only);
    this.node = h(
      "li",
      { class: "v-panel v-proposal" },
      h("label", { class: "v-proposal-tick" }, this.tick, this.count),
      h(
        "div",
        { class: "v-proposal-body" },
        h("div", { class: "v-proposal-head" }, this.menu, this.reason, acts),
        ...[this.loras.node, this.words, this.why],
      ),
    );
  }

  /** Show the row as it is now, with as many reasons as the level asks for. */
  show(row, level) {
    const fresh = !this.row;
    this.row = row;
    const { taken, checkpoint, indices, loras } = row;
    if (fresh) this.offer();
    const changed = isChanged(row);
    flag(this.node, "data-changed", changed);
    flag(this.node, "data-off", !taken);
    this.tick.checked = taken;
    this.tick.setAttribute("aria-label", `Take ${plural(indices.length, "picture")}`);
    write(this.count, plural(indices.length, "picture"));
    this.menu.value = checkpoint;
    this.menu.title = checkpoint;
    flag(this.reset, "hidden", !changed);
    this.only.title = "Take this proposal and leave the others out";
    this.loras.show(loras, checkpoint);
    this.renderWords();
    this.renderWhy(level, changed);
  }

  /** The proposed checkpoint, and what it could be instead. */
  offer() {
    const { proposed, recipes } = this.row;
    const other = recipes[0].alternatives.filter(({ checkpoint: c }) => c !== proposed.checkpoint);
    const options = other.map(({ checkpoint, chance_best: chance, reason }) => {
      const odds = chance === null ? "" : ` (${percent(chance)})`;
      return h("option", { value: checkpoint, title: reason }, modelName(checkpoint) + odds);
    });
    this.menu.replaceChildren(
      h("option", { value: proposed.checkpoint }, modelName(proposed.checkpoint)),
      options.length > 0 && h("optgroup", { label: "Instead" }, options),
    );
    flag(this.menu, "disabled", options.length === 0);
  }

  /** Words added to the prompt for the LoRAs; each can be taken away. */
  renderWords() {
    const { triggers } = this.row;
    const label = h("span", { class: "v-hint" }, "Added to the prompt:");
    const chips = triggers.map((word) =>
      button([`${word} `, h("span", { "aria-hidden": "true" }, "✕")], () => this.without(word), {
        ...{ class: "v-button v-pill", "aria-label": `Do not add ${word}` },
      }),
    );
    const found = this.proposal.request.add_triggers && findsWords(this.row);
    const shown = found ? [hint(WORDS_FOUND)] : chips.length ? [label, ...chips] : [];
    this.words.replaceChildren(...shown);
  }

  without(word) {
    const { row, proposal } = this;
    proposal.change(row, { triggers: row.triggers.filter((one) => one !== word) });
    (this.words.querySelector("button") ?? this.tick).focus();
  }

  undo() {
    this.proposal.reset(this.row);
    this.menu.focus();
  }

  renderWhy(level, changed) {
    const { recipes, checkpoint, proposed } = this.row;
    const [recipe] = recipes;
    const said = spoken(recipe);
    const kept = checkpoint === proposed.checkpoint;
    const instead = recipe.alternatives.find((other) => other.checkpoint === checkpoint);
    const why = kept ? said.reason : instead.reason;
    const word = h("b", { "data-sure": changed || said.sure }, changed ? CHANGED : said.word);
    this.reason.replaceChildren(word, changed ? ` · ${kept ? recipe.reason : why}` : `: ${why}`);
    const all = deeperThanMinimal(level).flatMap((name) => recipe.details[name] ?? []);
    const further = changed ? [] : all.filter((sentence) => !this.proposal.told.has(sentence));
    const more = new Set([...further, spread(recipes)].filter(Boolean));
    this.why.replaceChildren(...[...more].map((sentence) => h("p", {}, sentence)));
  }
}

/** The settings that differ among the pictures of a row: "Steps 24 to 40, CFG 5 to 7." */
function spread(recipes) {
  const ranges = Object.entries(SPREAD).flatMap(([field, label]) => {
    const values = recipes.map((recipe) => recipe[field]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return low === high ? [] : [`${label} ${low} to ${high}`];
  });
  return ranges.length ? `${ranges.join(", ")}.` : null;
}
