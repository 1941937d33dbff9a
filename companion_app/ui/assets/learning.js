/** Tab Learning: sentences first, then maps, curves and tables, then who is learning. */
import { get, post } from "./api.js";
import { LiveElement, button, h, hint, menu } from "./dom.js";
import { plural } from "./format.js";
import { AskPanel } from "./learning-ask.js";
import { changes, effect, styles } from "./learning-changes.js";
import { curves } from "./learning-curves.js";
import { askToForget } from "./learning-forget.js";
import { Maps } from "./learning-map.js";
import { learners, models } from "./learning-tables.js";
import { report, say } from "./notice.js";
import { store } from "./store.js";

const EVERYONE = "all profiles";
const MAPS = ["keyword_checkpoint", "keyword_lora", "checkpoint_lora"];

const TEACHING =
  "Each time you advance, refine or reject a grid, the studio notes which checkpoints and LoRAs " +
  "you liked for which words. After two or three grids it says so in sentences, with how sure it is.";

class Learning extends LiveElement {
  profile = null;

  connect() {
    this.asking = new AskPanel();
    this.maps = new Maps((what) => this.forget(what));
    this.replaceChildren(h("vibes-notice"), h("div", { class: "v-panel-head v-waits" }));
    this.whenShown(() => this.load());
  }

  /** Read everything, then show it at once: nothing moves while one part comes after another. */
  async load() {
    try {
      const profiles = await get("/api/profiles");
      this.profile ??= store.session?.profile ?? usual(profiles);
      this.show(profiles, await this.read());
    } catch (error) {
      report(error, { label: "Try again", run: () => this.load() });
    }
  }

  async read() {
    const { scope } = this;
    const read = (name, more = "") => get(`/api/learning/${name}?${more}${scope}`);
    const names = ["overview", "strengths", "recent", "effect", "style"];
    const [maps, ...views] = await Promise.all([
      Promise.all(MAPS.map((kind) => read("map", `kind=${kind}&`))),
      ...names.map((name) => read(name)),
    ]);
    return { maps, ...Object.fromEntries(names.map((name, index) => [name, views[index]])) };
  }

  /** What to add to an address, so that it answers for the profile shown. */
  get scope() {
    return this.profile === EVERYONE ? "" : `profile=${encodeURIComponent(this.profile)}`;
  }

  show(profiles, known) {
    const { total_preferences: judged, findings } = known.overview;
    this.asking.of(this.profile === EVERYONE ? usual(profiles) : this.profile);
    this.maps.show(known.maps);
    const forget = (what) => this.forget(what);
    const parts = judged
      ? [
          pair(said(findings, effect(known.effect)), this.asking.node),
          this.maps.node,
          ...curves(known.strengths),
          pair(changes(known.recent), styles(known.style)),
          models(known.overview.tables, forget),
        ]
      : [empty(), this.asking.node];
    const head = this.head(known.overview, profiles);
    this.replaceChildren(h("vibes-notice"), head, ...parts, learners(profiles));
  }

  head({ total_preferences: judged, total_grids: grids, action_counts: counts }, profiles) {
    const { selected = 0 } = counts;
    const text = judged
      ? `${plural(judged, "picture")} judged in ${plural(grids, "grid")}, ${selected} picked`
      : "Nothing learned yet";
    const file = h("input", {
      type: "file",
      accept: ".json,.jsonl,application/json",
      hidden: true,
      onchange: ({ target }) => this.bring(target),
    });
    return h(
      "header",
      { class: "v-panel-head" },
      h("div", {}, h("h2", {}, "What your picks have taught"), hint(text)),
      profiles.length > 1 && this.chooser(profiles),
      h(
        "a",
        { class: "v-button", href: "/api/preferences/export", download: "vibes-preferences.json" },
        "Export",
      ),
      button("Import", () => file.click()),
      judged > 0 && button("Forget…", () => this.forget({})),
      file,
    );
  }

  chooser(profiles) {
    const select = menu([EVERYONE, ...profiles.map(({ name }) => name)], (name) => this.look(name));
    select.value = this.profile;
    return h("label", { class: "v-chooser" }, h("span", {}, "Profile"), select);
  }

  async look(profile) {
    this.profile = profile;
    await this.load();
    this.querySelector(".v-chooser select")?.focus();
  }

  async bring(input) {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    try {
      await post("/api/preferences/import", await file.text());
      await this.load();
      say(`${file.name} is imported; what was known already was counted once.`);
    } catch (error) {
      report(error);
    }
  }

  /** Ask what to forget, beginning with `what`; afterwards the way back stays on the page. */
  async forget(what) {
    const profile = this.profile === EVERYONE ? null : this.profile;
    await askToForget({ profile, what, done: () => this.load() });
  }
}

function pair(...parts) {
  return h("div", { class: "v-pair" }, ...parts);
}

function empty() {
  return h(
    "section",
    { class: "v-empty" },
    h("h2", {}, "Your first picks will show here"),
    h("p", {}, TEACHING),
  );
}

function said(findings, below) {
  const none = "No clear favourite yet: a few more grids and the first sentence appears.";
  const lines = findings.length ? findings : [{ sentence: none }];
  const spoken = lines.map(({ sentence }) => h("p", {}, sentence));
  return h("div", { class: "v-column" }, h("section", { class: "v-said" }, ...spoken), below);
}

/** The profile of somebody who chose none. */
function usual(profiles) {
  const names = profiles.map(({ name }) => name);
  return names.includes("default") ? "default" : names[0];
}

customElements.define("vibes-learning", Learning);
