/** The form of the settings page that links a studio. The token goes to the server, nowhere else. */
import { button, field, h } from "./dom.js";
import { StateLine } from "./state-line.js";
import { linkRequest, linkWords } from "./studio-words.js";

export class StudioForm {
  /** `tools` are `{t, server, news, openStudio}`. */
  constructor(tools) {
    this.tools = tools;
    const { t } = tools;
    this.address = field(t("form.address"), "url", { placeholder: "http://127.0.0.1:7860" });
    this.token = field(t("form.token"), "password", { autocomplete: "one-time-code" });
    this.state = new StateLine();
    this.save = button(t("form.save"), () => this.#link());
    this.test = button(t("form.test"), () => this.#look());
    this.open = button(t("form.open"), () => tools.openStudio());
    const buttons = h("div", { class: "vibes-buttons" }, this.save, this.test, this.open);
    const parts = [this.address.node, this.token.node, this.state.node, buttons];
    this.node = h("div", { class: "vibes-form", onkeydown: (event) => this.#typed(event) }, parts);
  }

  /** Show how it stands now. */
  async load() {
    await this.#ask(
      () => this.tools.server.studio(),
      (studio) => this.#fill(studio),
    );
  }

  async #look() {
    await this.#ask(() => this.tools.server.studio());
  }

  async #link() {
    const request = linkRequest(this.address.input.value, this.token.input.value);
    await this.#ask(
      () => this.tools.server.link(request),
      (studio) => this.#fill(studio),
    );
    this.tools.news.dispatchEvent(new Event("linked"));
  }

  async #ask(request, then = () => {}) {
    this.state.say({ state: "asking", title: this.tools.t("link.asking") });
    try {
      const studio = await request();
      then(studio);
      const { state, title, detail, waiting } = linkWords(this.tools.t, studio);
      this.state.say({ state, title, detail: [detail, waiting].filter(Boolean).join(" ") });
    } catch (error) {
      this.state.say({ state: "refused", detail: error.message });
    }
  }

  #fill({ url, has_token: hasToken, fixed }) {
    this.address.input.value = url ?? "";
    this.token.input.value = "";
    this.token.input.placeholder = hasToken ? this.tools.t("form.kept") : "";
    for (const control of [this.address.input, this.token.input, this.save])
      control.disabled = fixed;
    this.open.disabled = !url;
  }

  #typed(event) {
    if (event.key === "Enter" && event.target.tagName === "INPUT") this.#link();
  }
}
