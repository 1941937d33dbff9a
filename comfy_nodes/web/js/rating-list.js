/** The rows of all pictures a node shows. */
import { h } from "./dom.js";
import { RatingRow } from "./rating-row.js";

export class RatingList {
  constructor(tools) {
    this.tools = tools;
    this.node = h("div", { class: "vibes-list" });
    this.show([]);
  }

  /**
   * Stand for these pictures from now on. What a node reported may be old, as ComfyUI repeats it
   * from its cache, and the editor from its queue: the server knows what was said since.
   */
  show(pictures) {
    const { t } = this.tools;
    const rows = pictures.map((picture, index) => {
      const place = t("rate.place", { number: index + 1, total: pictures.length });
      return new RatingRow(picture, pictures.length > 1 ? place : "", this.tools);
    });
    const empty = h("p", { class: "vibes-hint" }, t("rate.empty"));
    this.node.replaceChildren(...(rows.length ? rows.map((row) => row.node) : [empty]));
    this.#recall(rows);
  }

  async #recall(rows) {
    try {
      const ratings = await this.tools.server.ratings(rows.map(({ picture }) => picture.image));
      for (const row of rows) row.recall(ratings[row.picture.image]);
    } catch (error) {
      for (const row of rows) row.say(error.message, "error");
    }
  }
}
