/** "What would you choose for this prompt?": asked and answered without making anything. */
import { get } from "./api.js";
import { rateBar, scaleFor } from "./bars.js";
import { button, h, hint, menu } from "./dom.js";
import { percent } from "./format.js";
import { store } from "./store.js";

const ANY = "default tier";
const SHOWN = 6;
const HELP = "Nothing is made: the studio only says what it would take, and how sure it is.";

export class AskPanel {
  constructor() {
    this.prompt = h("textarea", { rows: "2", "aria-label": "Prompt to ask about" });
    this.prompt.placeholder = "a lighthouse on a beach at sunset";
    this.tier = h("div", { class: "v-ask-tier" });
    this.quick = h("input", { type: "checkbox", role: "switch" });
    this.answer = h("div", { class: "v-answer", "aria-live": "polite" }, hint(HELP));
    const form = h(
      "form",
      { class: "v-ask-form" },
      this.prompt,
      this.tier,
      h("label", { class: "v-switch" }, this.quick, h("span", {}, "Quick")),
      h("button", { type: "submit", class: "v-button", "data-kind": "primary" }, "Tell me"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
    this.prompt.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      this.ask();
    });
    this.node = h(
      "section",
      { class: "v-panel v-ask" },
      h("h3", {}, "What would you choose for this prompt?"),
      form,
      this.answer,
    );
  }

  /** Ask for this profile from now on; an answer for another one is taken away. */
  of(profile) {
    if (!(this.menu?.options.length > 1)) this.offerTiers();
    if (this.profile !== undefined && this.profile !== profile)
      this.answer.replaceChildren(hint(HELP));
    this.profile = profile;
    if (!this.prompt.value) this.prompt.value = store.session?.prompt ?? "";
  }

  offerTiers() {
    const tiers = store.settings.tiers ?? [];
    this.menu = menu([ANY, ...tiers], () => {}, { "aria-label": "Tier" });
    this.tier.replaceChildren(this.menu);
  }

  async ask() {
    const prompt = this.prompt.value.trim();
    if (!prompt) return this.prompt.focus();
    const mode = this.quick.checked ? "quick" : "explore";
    const wish = new URLSearchParams({ prompt, mode, profile: this.profile });
    if (this.menu.value !== ANY) wish.set("tier", this.menu.value);
    const asked = (this.asked = {});
    try {
      const told = await get(`/api/learning/would-choose?${wish}`);
      if (this.asked === asked) this.answer.replaceChildren(...answered(told));
    } catch (error) {
      if (this.asked === asked) this.answer.replaceChildren(h("p", { class: "v-trouble" }, error.message));
    }
  }
}

function answered({ sentences, checkpoints, loras }) {
  const shown = checkpoints.slice(0, SHOWN);
  const most = scaleFor([...shown, ...loras].map(({ interval }) => interval));
  const rows = [
    ...shown.map((one) => line(one, most, chance(one.chance_best, "best"))),
    loras.length > 0 && heading("With LoRAs"),
    ...loras.map((one) =>
      line({ ...one, label: `${one.label} ${one.strength}` }, most, chance(one.chance_helps, "helps")),
    ),
  ];
  return [
    ...sentences.map((sentence) => h("p", {}, sentence)),
    h("table", { class: "v-duo v-plan" }, h("tbody", {}, rows.filter(Boolean))),
    hint(`Bars: how many of such pictures you would pick, 0 to ${percent(most)}.`),
  ];
}

const heading = (text) => h("tr", { class: "v-between" }, h("th", { colspan: "4" }, text));

function line({ label, rate, interval, confidence, sentence }, most, chanceText) {
  const sure = confidence === "High confidence";
  const bar = rateBar(rate, interval, { spoken: `${label}: `, most, sure });
  return h(
    "tr",
    { title: sentence },
    h("th", { scope: "row" }, h("span", { class: "v-cut" }, label)),
    h("td", {}, bar),
    h("td", { class: "v-number" }, chanceText),
    h("td", { class: "v-certainty" }, confidence),
  );
}

const chance = (value, what) => (value === null ? "" : `${what} ${percent(value)}`);
