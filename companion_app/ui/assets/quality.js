/** Tab Quality: how many pictures show what was asked, which do not, and what to do about them. */
import { post } from "./api.js";
import { bin } from "./bin.js";
import { LiveElement, button, flag, h, hint, write } from "./dom.js";
import { hear } from "./events.js";
import { plural } from "./format.js";
import { report, say } from "./notice.js";
import { Bin } from "./quality-bin.js";
import { belowThreshold, rates, sessions } from "./quality-tables.js";
import { Trial } from "./quality-trial.js";
import { quality } from "./quality-state.js";
import { empty, said } from "./quality-words.js";
import { Worst } from "./quality-worst.js";
import { scoring } from "./scoring.js";
import { store } from "./store.js";

class QualityTab extends LiveElement {
  connect(signal) {
    if (!this.head) this.build(); // moved, not new: what is chosen stays
    this.whenShown(() => this.load());
    quality.watch(["change"], () => this.render(), signal);
    quality.follow(() => this.isShown && this.news(), signal);
    hear(["bin", "reset"], () => this.isShown && this.load(), signal);
    bin.addEventListener("change", () => this.isShown && this.load(), { signal });
    scoring.watch(["change"], () => this.renderHead(), signal);
  }

  build() {
    this.told = hint("");
    const named = { class: "v-select", "aria-label": "Pictures of" };
    this.scope = h("select", { ...named, onchange: () => this.look() });
    this.rescore = button("Score what has no score", () => this.scoreAll());
    this.fresh = button("", () => this.load(), { "data-kind": "primary", hidden: true });
    this.head = h(
      "header",
      { class: "v-panel-head" },
      h("div", {}, h("h2", {}, "Does it show what was asked?"), this.told),
      ...[this.fresh, h("label", { class: "v-chooser" }, h("span", {}, "Of"), this.scope)],
      this.rescore,
    );
    this.worst = new Worst();
    this.trial = new Trial();
    this.bin = new Bin();
    this.body = h("div", { class: "v-quality v-waits" });
    this.replaceChildren(h("vibes-notice"), this.head, this.body);
  }

  async load() {
    try {
      await quality.refresh();
    } catch (error) {
      report(error, { label: "Try again", run: () => this.load() });
    }
  }

  async look() {
    try {
      await quality.look(this.scope.value);
    } catch (error) {
      report(error, { label: "Try again", run: () => this.look() });
    }
  }

  /** Scores have come: nothing moves under the person's hand until asked to. */
  async news() {
    if (!quality.known?.overview.scored) return this.load();
    await scoring.refresh().catch(report);
  }

  render() {
    const { known } = quality;
    if (!known) return;
    this.offerScopes(known.profiles);
    this.renderHead();
    this.worst.show(known.overview.worst);
    this.trial.show(known.prompts);
    this.bin.show(known.bin, known.overview);
    flag(this.body, "class", "v-quality");
    this.body.replaceChildren(...this.parts(known));
  }

  parts({ overview, bin: binned }) {
    const hasBin = binned.length > 0 && this.bin.node;
    if (!overview.scored) return [empty(scoring.known), hasBin].filter(Boolean);
    return [
      said(overview, scoring.known),
      this.worst.node,
      h(
        "div",
        { class: "v-pair" },
        h("div", { class: "v-stack" }, rates(overview)),
        h("div", { class: "v-stack" }, sessions(overview), belowThreshold(overview)),
      ),
      this.trial.node,
      this.bin.node,
    ].filter(Boolean);
  }

  renderHead() {
    const { known: state } = scoring;
    const { known, news } = quality;
    if (!state || !known) return;
    const { waiting, model } = state;
    const parts = [
      plural(known.overview.scored, "scored picture"),
      model,
      waiting > 0 && `${plural(waiting, "picture")} to be scored`,
    ];
    write(this.told, parts.filter(Boolean).join(" · "));
    write(this.fresh, `Show ${plural(news, "new score")}`);
    flag(this.fresh, "hidden", news === 0 || !known.overview.scored);
    flag(this.rescore, "hidden", !scoring.isOn && state.state !== "failed");
  }

  offerScopes(profiles) {
    const options = { all: "every picture" };
    if (store.session) options.session = `session “${store.session.name}”`;
    if (profiles.length > 1)
      for (const { name } of profiles) options[`profile:${name}`] = `profile ${name}`;
    if (!(quality.scope in options)) quality.scope = "all";
    const made = Object.entries(options).map(([value, text]) => h("option", { value }, text));
    this.scope.replaceChildren(...made);
    this.scope.value = quality.scope;
  }

  async scoreAll() {
    const session = quality.scope === "session" && store.session?.id;
    try {
      const { waiting } = await post("/api/scoring/rescore", session ? { session_id: session } : {});
      const left = `${plural(waiting, "picture")} will be scored, the newest first.`;
      say(waiting ? left : "Every picture has its score.");
      await scoring.refresh();
    } catch (error) {
      report(error, { label: "Try again", run: () => this.scoreAll() });
    }
  }
}

customElements.define("vibes-quality", QualityTab);
