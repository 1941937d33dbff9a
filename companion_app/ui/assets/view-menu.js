/** Sort and Show: what needs scores is offered where there are some, or will be. */
import { flag, h } from "./dom.js";
import { scoring } from "./scoring.js";
import { BY_SCORE, BY_TAG } from "./view.js";

export class ViewMenu {
  /** `names` are the choices by name; `onchange` receives the name of the chosen one. */
  constructor(label, names, onchange) {
    const option = ([value, text]) => h("option", { value }, text);
    const all = Object.entries(names).map(option);
    this.byScore = all.filter(({ value }) => BY_SCORE.includes(value));
    this.group = h("optgroup", { label: "by score" }, this.byScore);
    this.select = h(
      "select",
      { class: "v-select", "aria-label": label, onchange: ({ target }) => onchange(target.value) },
      ...all.filter((one) => !this.byScore.includes(one)),
      this.group,
    );
    this.node = h("label", {}, h("span", { class: "v-word" }, label), this.select);
  }

  /** Stand at `chosen`, and offer what can be done with these images. */
  show(chosen, images) {
    const scored = images.filter(({ adherence }) => adherence);
    const isTagged = scored.some(({ adherence }) => adherence.percent !== null);
    flag(this.group, "hidden", !scoring.isOn && scored.length === 0);
    const lacksTags = !isTagged && this.byScore.some(({ value }) => BY_TAG.includes(value));
    flag(this.group, "label", lacksTags ? "by score (tags come with labels)" : "by score");
    for (const one of this.byScore) one.disabled = BY_TAG.includes(one.value) && !isTagged;
    if (this.select.value !== chosen) this.select.value = chosen;
  }
}
