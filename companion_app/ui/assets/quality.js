/** Tab Quality: how many pictures show what was asked, which do not, and what to do about them. */
import { post } from "./api.js";
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
    this.none = h("div");
    this.said = h("div");
    this.rates = h("div", { class: "v-stack" });
    this.runs = h("div", { class: "v-stack" });
    this.scored = [
      ...[this.said, this.worst.node, h("div", { class: "v-pair" }, this.rates, this.runs)],
      this.trial.node,
    ];
    this.body = h("div", { class: "v-quality v-waits" });
    this.body.append(this.none, ...this.scored, this.bin.node);
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
    this.renderBody(known);
    flag(this.body, "class", "v-quality");
  }

  /** Nothing is taken off the page and put back: what has the focus keeps it. */
  renderBody({ overview, prompts, bin }) {
    const isEmpty = overview.scored === 0;
    this.none.replaceChildren(...(isEmpty ? [empty(scoring.known)] : []));
    this.said.replaceChildren(...(isEmpty ? [] : [said(overview, scoring.known)]));
    this.rates.replaceChildren(...rates(overview).filter(Boolean));
    this.runs.replaceChildren(sessions(overview), belowThreshold(overview));
    this.bin.show(bin, overview);
    for (const node of this.scored) flag(node, "hidden", isEmpty);
    flag(this.bin.node, "hidden", isEmpty && bin.length === 0);
    this.worst.show(overview.worst);
    this.trial.show(prompts);
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
    flag(this.rescore, "aria-disabled", "true");
    try {
      const { waiting } = await post("/api/scoring/rescore", session ? { session_id: session } : {});
      const left = `${plural(waiting, "picture")} will be scored, the newest first.`;
      say(waiting ? left : "Every picture has its score.");
      await scoring.refresh();
    } catch (error) {
      report(error, { label: "Try again", run: () => this.scoreAll() });
    } finally {
      flag(this.rescore, "aria-disabled", null);
    }
  }
}

customElements.define("vibes-quality", QualityTab);
