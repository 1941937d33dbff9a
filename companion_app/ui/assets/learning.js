/** Tab Learning: sentences, then tables with intervals, then who is learning. */
import { get, post, put } from "./api.js";
import { LiveElement, button, h, hint, menu, table } from "./dom.js";
import { modelName, percent, plural } from "./format.js";
import { report, say } from "./notice.js";
import { sentences } from "./sentences.js";

const TABLES = [
  ["checkpoint", "Checkpoints"],
  ["keyword_checkpoint", "Words and checkpoints"],
  ["lora", "LoRAs"],
  ["keyword_lora", "Words and LoRAs"],
  ["checkpoint_lora", "Checkpoints and LoRAs"],
];
const ROWS = 12;
const EVERYONE = "all profiles";

const TEACHING =
  "Each time you advance, refine or reject a grid, the studio notes which checkpoints and LoRAs " +
  "you liked for which words. After two or three grids it says so in sentences, with how sure it is.";

class Learning extends LiveElement {
  profile = EVERYONE;

  connect() {
    this.whenShown(() => this.load());
  }

  async load() {
    try {
      const scope = this.profile !== EVERYONE ? `&profile=${encodeURIComponent(this.profile)}` : "";
      const affinities = (type) =>
        get(`/api/preferences/affinities?type=${type}&limit=${ROWS}${scope}`);
      const [stats, profiles, ...tables] = await Promise.all([
        get(`/api/preferences/stats?${scope.slice(1)}`),
        get("/api/profiles"),
        ...TABLES.map(([type]) => affinities(type)),
      ]);
      this.render(
        stats,
        profiles,
        Object.fromEntries(TABLES.map(([type], index) => [type, tables[index]])),
      );
    } catch (error) {
      report(error, { label: "Try again", run: () => this.load() });
    }
  }

  render(stats, profiles, tables) {
    const nothing = stats.total_preferences === 0;
    this.replaceChildren(
      h("vibes-notice"),
      this.head(stats, profiles),
      ...(nothing ? [empty()] : [said(stats, tables), panels(tables)]),
      this.profiles(profiles),
    );
  }

  head(stats, profiles) {
    const { selected = 0 } = stats.action_counts;
    const text = stats.total_preferences
      ? `${plural(stats.total_preferences, "picture")} judged, ${selected} picked`
      : "Nothing learned yet";
    const file = h("input", {
      type: "file",
      accept: ".json,application/json",
      hidden: true,
      onchange: ({ target }) => this.bring(target),
    });
    return h(
      "header",
      { class: "v-panel-head" },
      h("div", {}, h("h2", {}, "What your picks have taught"), hint(text)),
      profiles.length > 1 && this.scope(profiles),
      h(
        "a",
        { class: "v-button", href: "/api/preferences/export", download: "vibes-preferences.json" },
        "Export",
      ),
      button("Import", () => file.click()),
      file,
    );
  }

  scope(profiles) {
    const select = menu([EVERYONE, ...profiles.map(({ name }) => name)], (name) => this.look(name));
    select.value = this.profile;
    return h("label", {}, "Show ", select);
  }

  look(profile) {
    this.profile = profile;
    this.load();
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

  profiles(profiles) {
    const rows = profiles.map(({ name, learning }) => {
      const box = h("input", {
        type: "checkbox",
        role: "switch",
        checked: learning,
        onchange: ({ target }) => this.setLearning(name, target),
      });
      return h("li", {}, h("label", { class: "v-switch" }, box, h("span", {}, name)));
    });
    const what = hint("Switched off, a profile's picks steer its own session and teach nothing.");
    return h(
      "section",
      { class: "v-panel" },
      h("h3", {}, "Profiles that learn"),
      what,
      h("ul", { class: "v-profiles" }, ...rows),
    );
  }

  async setLearning(name, box) {
    try {
      await put(`/api/profiles/${encodeURIComponent(name)}`, { learning: box.checked });
    } catch (error) {
      box.checked = !box.checked;
      report(error);
    }
  }
}

function empty() {
  return h(
    "section",
    { class: "v-empty" },
    h("h2", {}, "Your first picks will show here"),
    h("p", {}, TEACHING),
  );
}

function said(stats, tables) {
  const lines = sentences(stats, tables);
  const none = ["No clear favourite yet: a few more grids and the first sentence appears."];
  return h(
    "section",
    { class: "v-said" },
    ...(lines.length ? lines : none).map((line) => h("p", {}, line)),
  );
}

function panels(tables) {
  const filled = TABLES.filter(([type]) => tables[type].length > 0);
  return h(
    "div",
    { class: "v-tables" },
    filled.map(([type, title]) => panel(title, tables[type])),
  );
}

function panel(title, rows) {
  const content = table(["", "picked", "rate, with its interval", "sure"], rows.map(line));
  return h("section", { class: "v-panel" }, h("h3", {}, title), content);
}

function line({ parts, selected, total, selection_rate: rate, confidence, interval: [low, high] }) {
  const name = parts.map(modelName).join(" · ");
  const spoken = `${percent(rate)}, likely between ${percent(low)} and ${percent(high)}`;
  const bar = h("div", { class: "v-rate", role: "img", "aria-label": spoken }, h("i"), h("b"));
  for (const [key, value] of Object.entries({ rate, low, high }))
    bar.style.setProperty(`--${key}`, value);
  return h(
    "tr",
    {},
    h("th", { scope: "row", title: parts.join(" · ") }, name),
    h("td", { class: "v-number" }, `${selected} of ${total}`),
    h(
      "td",
      {},
      h("div", { class: "v-rate-cell" }, bar, h("span", { class: "v-number" }, percent(rate))),
    ),
    h("td", { class: "v-number v-sure" }, percent(confidence)),
  );
}

customElements.define("vibes-learning", Learning);
