/** "Test on this prompt": which LoRAs would be chosen for it, and why; nothing is made. */
import { get, post } from "./api.js";
import { button, h } from "./dom.js";
import { modelName } from "./format.js";
import { profileNow } from "./lora-blocks.js";
import { studioPrompt } from "./lora-prompt.js";
import { answered } from "./lora-ranking.js";

const ANY = "any checkpoint";

export class LoraTest {
  /** `onopen` receives the name of a LoRA somebody wants to know more of. */
  constructor(onopen) {
    this.onopen = onopen;
    this.prompt = h("textarea", { rows: "1", "aria-label": "Prompt to test LoRAs on" });
    this.prompt.placeholder = "a lighthouse on a beach at sunset";
    this.checkpoint = h("select", { class: "v-select", "aria-label": "Checkpoint" });
    this.checkpoint.append(h("option", { value: "" }, ANY));
    const go = h("button", { type: "submit", class: "v-button", "data-kind": "primary" }, "Test");
    const form = h("form", { class: "v-ask-form v-test-form" }, this.prompt, this.checkpoint, go);
    this.answer = h("div", { class: "v-test-answer", "aria-live": "polite" });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
    this.prompt.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      this.ask();
    });
    this.prompt.addEventListener("input", () => (this.isOwn = Boolean(this.prompt.value.trim())));
    const title = h("h3", {}, "Which LoRAs would be chosen for this prompt?");
    this.node = h("section", { class: "v-panel v-lora-test" }, title, form, this.answer);
  }

  /** The tab is looked at: what the Studio is about now, unless something else is typed here. */
  async refresh() {
    if (!this.isOwn) this.prompt.value = studioPrompt();
    const all = await get("/api/checkpoints");
    const names = all.filter(({ servers }) => servers.length).map(({ name }) => name);
    const before = this.checkpoint.value;
    const options = names.map((name) => h("option", { value: name }, modelName(name)));
    this.checkpoint.replaceChildren(h("option", { value: "" }, ANY), ...options);
    this.checkpoint.value = names.includes(before) ? before : "";
  }

  async ask() {
    const prompt = this.prompt.value.trim();
    if (!prompt) return this.prompt.focus();
    const checkpoint = this.checkpoint.value;
    const wish = { prompt, profile: profileNow(), ...(checkpoint && { checkpoint }) };
    const asked = (this.asked = {});
    let nodes;
    try {
      nodes = answered(await post("/api/loras/test", wish), this.onopen);
    } catch (error) {
      nodes = [h("p", { class: "v-trouble" }, error.message)];
    }
    if (this.asked !== asked) return;
    const [first, ...rest] = nodes;
    const close = button("Close", () => this.close(), { "data-quiet": true });
    this.answer.replaceChildren(h("div", { class: "v-panel-head" }, first, close), ...rest);
  }

  close() {
    this.asked = null;
    this.answer.replaceChildren();
    this.prompt.focus();
  }
}
