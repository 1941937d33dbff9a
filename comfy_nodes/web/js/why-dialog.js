/** The pop-up that explains a choice, in as many words as the person wants to read. */
import { LEVELS, levelAfter, sentences } from "./choices.js";
import { openDialog } from "./dialog.js";
import { button, h } from "./dom.js";

export class WhyDialog {
  level = LEVELS[0];

  constructor({ t }) {
    this.t = t;
  }

  /** Open on a choice, at the level that was read last; closing gives the focus back. */
  open(choice) {
    this.choice = choice;
    this.tabs = LEVELS.map((level) => this.#tab(level));
    this.text = h("div", { class: "vibes-why", role: "tabpanel", id: "vibes-why", tabindex: "0" });
    const tabs = h("div", { role: "tablist", "aria-label": this.t("why.levels") }, this.tabs);
    openDialog(this.t, choice.badge, tabs, this.text);
    this.#choose(this.level);
  }

  /** Tell as much as this level does. */
  show(level) {
    this.level = level;
    for (const [index, tab] of this.tabs.entries()) {
      const chosen = LEVELS[index] === level;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    }
    this.text.setAttribute("aria-labelledby", `vibes-why-${level}`);
    this.text.replaceChildren(...sentences(this.choice, level).map((one) => h("p", {}, one)));
  }

  #tab(level) {
    return button(this.t(`why.${level}`), () => this.show(level), {
      class: "vibes-button vibes-tab",
      role: "tab",
      id: `vibes-why-${level}`,
      "aria-controls": "vibes-why",
      onkeydown: (event) => this.#move(event),
    });
  }

  #move(event) {
    const next = levelAfter(this.level, event.key);
    if (!next) return;
    event.preventDefault();
    this.#choose(next);
  }

  #choose(level) {
    this.show(level);
    this.tabs[LEVELS.indexOf(level)].focus();
  }
}
