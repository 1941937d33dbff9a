/** Why a picture is as it is: in sentences, as many as the person wants to read. */
import { get } from "./api.js";
import { button, flag, h } from "./dom.js";

const LEVELS = ["minimal", "standard", "detailed", "technical"];
const KEY = "vibes.explain";

/** How much is explained, the same everywhere on the page and the next time it is opened. */
class Depth extends EventTarget {
  level = LEVELS.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : "standard";

  choose(level) {
    this.level = level;
    localStorage.setItem(KEY, level);
    this.dispatchEvent(new Event("change"));
  }
}

const depth = new Depth();

/** The reason given when the picture was planned; once open, everything the chosen level tells. */
export class Why {
  constructor() {
    this.text = h("div", { class: "v-why-text" });
    this.levels = LEVELS.map((level) =>
      button(level, () => depth.choose(level), { "data-quiet": true }),
    );
    const choice = { class: "v-why-depth", role: "group", "aria-label": "How much to explain" };
    this.node = h("div", { class: "v-why" }, this.text, h("div", choice, this.levels));
  }

  /** Stand for this picture. */
  about(image) {
    if (this.image?.id === image.id && this.following) return;
    this.close();
    this.image = image;
    this.say(image.reason ? [image.reason] : []);
  }

  /** Tell as much as the level asks for, and follow the level until closed or off the page. */
  open() {
    this.close();
    this.following = new AbortController();
    const { signal } = this.following;
    depth.addEventListener("change", () => this.load(), { signal });
    this.load();
  }

  close() {
    this.following?.abort();
    this.following = null;
  }

  async load() {
    if (this.told && !this.node.isConnected) return this.close();
    const asked = (this.told = { id: this.image.id, level: depth.level });
    for (const level of this.levels)
      flag(level, "aria-pressed", String(level.textContent === asked.level));
    try {
      const { explanation } = await get(`/api/images/${asked.id}/recipe?explain=${asked.level}`);
      if (this.following && this.told === asked) this.say(explanation);
    } catch (error) {
      if (this.following && this.told === asked) this.say([this.image.reason, error.message]);
    }
  }

  say(sentences) {
    this.text.replaceChildren(...sentences.map((sentence) => h("p", {}, sentence)));
  }
}
