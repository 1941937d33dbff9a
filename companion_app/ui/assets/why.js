/** Why a picture is as it is: in sentences, as many as the person wants to read. */
import { get } from "./api.js";
import { h } from "./dom.js";
import { SILENT, isSilent, modelName } from "./format.js";
import { depth, levelButtons } from "./levels.js";

/** The reason given when the picture was planned; once open, everything the chosen level tells. */
export class Why {
  constructor() {
    this.text = h("div", { class: "v-why-text" });
    this.levels = levelButtons();
    this.node = h("div", { class: "v-why" }, this.text, this.levels.node);
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
    this.levels.show(asked.level);
    try {
      const { explanation } = await get(`/api/images/${asked.id}/recipe?explain=${asked.level}`);
      if (this.following && this.told === asked) this.say(explanation);
    } catch (error) {
      if (this.following && this.told === asked) this.say([this.image.reason, error.message]);
    }
  }

  say(sentences) {
    const silent = this.image.loras
      .filter(isSilent)
      .map(({ name }) => `${modelName(name)} ${SILENT}.`);
    this.text.replaceChildren(...[...sentences, ...silent].map((sentence) => h("p", {}, sentence)));
  }
}
