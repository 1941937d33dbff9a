/** The side panel: how it stands with the studio, and what was learned so far. */
import { button, h } from "./dom.js";
import { checkpointRows, isEmpty, learnedWords } from "./panel-words.js";
import { linkWords } from "./studio-words.js";

export class Panel {
  #loading = false;
  #again = false;

  /** `tools` are `{t, server, openStudio, openSettings}`. */
  constructor(tools) {
    this.tools = tools;
    this.studio = h("section", { class: "vibes-studio" });
    this.learned = h("section", { class: "vibes-learned" });
    this.node = h("div", { class: "vibes-panel" }, h("h2", {}, "Vibes"), this.studio, this.learned);
  }

  /** Show the panel in the editor's element; it is kept up to date while it is on the page. */
  mount(element) {
    if (element.contains(this.node)) return;
    element.replaceChildren(this.node);
    this.#load();
  }

  /** Ask again where the panel is in sight. */
  refresh() {
    if (this.node.isConnected) this.#load();
  }

  /** Ask, and once more after the requests that are under way. */
  async #load() {
    this.#again = true;
    if (this.#loading) return;
    this.#loading = true;
    while (this.#again) {
      this.#again = false;
      const { server } = this.tools;
      await Promise.all([
        this.#fill(
          this.studio,
          () => server.studio(),
          (told) => this.#studioParts(told),
        ),
        this.#fill(
          this.learned,
          () => server.statistics(),
          (told) => this.#learnedParts(told),
        ),
      ]);
    }
    this.#loading = false;
  }

  async #fill(section, request, parts) {
    try {
      section.replaceChildren(...parts(await request()));
    } catch (error) {
      section.replaceChildren(h("p", { class: "vibes-trouble", role: "status" }, error.message));
    }
  }

  #studioParts(studio) {
    const { t, openStudio, openSettings } = this.tools;
    const { state, title, detail, waiting } = linkWords(t, studio);
    const act = studio.url
      ? button(t("form.open"), openStudio)
      : button(t("panel.link"), openSettings);
    return [
      h("h3", {}, h("span", { class: "vibes-dot", "data-state": state }), title),
      h("p", {}, detail),
      waiting ? h("p", { class: "vibes-waiting" }, waiting) : "",
      act,
    ];
  }

  #learnedParts(statistics) {
    const { t } = this.tools;
    const title = h("h3", {}, t("panel.learned"));
    if (isEmpty(statistics)) return [title, h("p", { class: "vibes-hint" }, t("panel.empty"))];
    const rows = checkpointRows(t, statistics.top_checkpoints).map(line);
    const none = h("p", { class: "vibes-hint" }, t("panel.noCheckpoints"));
    const list = rows.length ? h("ul", { class: "vibes-top" }, rows) : none;
    return [title, h("p", {}, learnedWords(t, statistics)), list];
  }
}

function line({ name, full, percent, count, spoken, rate, low, high }) {
  const bar = h("div", { class: "vibes-bar", role: "img", "aria-label": spoken }, h("i"), h("b"));
  for (const [key, value] of Object.entries({ rate, low, high }))
    bar.style.setProperty(`--${key}`, value.toFixed(4));
  const words = [
    h("span", { class: "vibes-name", title: full }, name),
    h("span", { class: "vibes-rate" }, percent),
  ];
  return h("li", {}, words, bar, h("span", { class: "vibes-count" }, count));
}
