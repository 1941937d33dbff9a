/** Two wordings of a prompt against each other: which shows more of what is asked, or when to stop. */
import { get, post } from "./api.js";
import { leanBar } from "./bars.js";
import { button, flag, h, hint, write } from "./dom.js";
import { plural } from "./format.js";
import { report, say } from "./notice.js";
import { openSession, needSession } from "./studio.js";
import { showTab } from "./tabs.js";

const HELP = "Choose two wordings: the studio says which shows what is asked more often, and whether it is sure.";
const MOST = 20;
const SIDES = ["a", "b"];

export class Trial {
  constructor() {
    this.menus = SIDES.map((side) => this.menu(side));
    this.answer = h("div", { class: "v-trial-said", "aria-live": "polite" });
    this.more = button("", () => this.make(), { hidden: true });
    this.node = h(
      "section",
      { class: "v-panel v-trial" },
      h("h3", {}, "Two wordings against each other"),
      h("div", { class: "v-trial-menus" }, this.menus.map((select, index) =>
        h("label", {}, h("b", {}, SIDES[index].toUpperCase()), select),
      )),
      this.answer,
      this.more,
    );
  }

  menu(side) {
    const label = `Wording ${side.toUpperCase()}`;
    return h("select", { class: "v-select", "aria-label": label, onchange: () => this.compare() });
  }

  /** Offer these prompts; what was chosen stays chosen. */
  show(prompts) {
    flag(this.node, "hidden", prompts.length < 2);
    const names = prompts.map(({ prompt }) => prompt);
    this.menus.forEach((select, index) => {
      const chosen = names.includes(select.value) ? select.value : (names[index] ?? "");
      const options = prompts.map(({ prompt, scored }) =>
        h("option", { value: prompt }, `${prompt} (${scored})`),
      );
      select.replaceChildren(...options);
      select.value = chosen;
    });
    if (prompts.length > 1) this.compare();
  }

  async compare() {
    const [a, b] = this.menus.map(({ value }) => value);
    const asked = (this.asked = {});
    if (a === b) return this.tell([hint(HELP)], null);
    flag(this.answer, "aria-busy", "true");
    try {
      const told = await get(`/api/quality/compare?${new URLSearchParams({ a, b })}`);
      if (this.asked === asked) this.tell(verdict(told), told.more);
    } catch (error) {
      if (this.asked === asked) this.tell([h("p", { class: "v-trouble" }, error.message)], null);
    }
  }

  tell(nodes, more) {
    this.count = more && Math.min(Math.ceil(more / SIDES.length), MOST);
    this.answer.replaceChildren(...nodes);
    flag(this.answer, "aria-busy", null);
    flag(this.more, "hidden", !more);
    write(this.more, `Make ${this.count} more of each`);
  }

  /** As many more of each as are needed, into the open session. */
  async make() {
    const { count } = this;
    flag(this.more, "aria-disabled", "true");
    try {
      const session_id = await needSession();
      for (const { value: prompt } of this.menus)
        await post("/api/generate/batch", { session_id, prompt, count });
      await openSession(session_id);
      const action = { label: "See them", run: () => showTab("Studio") };
      say(`${plural(count, "picture")} of each are being made.`, { action });
    } catch (error) {
      report(error);
    } finally {
      flag(this.more, "aria-disabled", null);
    }
  }
}

/** The sentence, both means, and the difference with where the true one lies. */
function verdict({ a, b, verdict: better, sentence, difference, interval: [low, high] }) {
  const rows = [a, b].map((side, index) => mean(side, SIDES[index], better));
  const lean = leanBar(-difference, [-high, -low], "B better than A by");
  lean.dataset.of = "picked";
  const ends = [h("span", { class: "v-hint" }, "A better"), lean, h("span", { class: "v-hint" }, "B better")];
  return [
    h("p", {}, sentence),
    h("ul", { class: "v-trial-sides" }, rows),
    h("div", { class: "v-trial-lean" }, ends),
  ];
}

function mean({ mean: value, scored }, side, better) {
  const bar = h("div", { class: "v-rate", "aria-hidden": "true" }, h("i"));
  bar.style.setProperty("--rate", value);
  const name = `${side.toUpperCase()}${better === side ? " ✓ better" : ""}`;
  const number = h("span", { class: "v-number" }, value.toFixed(2));
  return h("li", {}, h("b", {}, name), bar, number, hint(plural(scored, "picture")));
}
