/** The rows of all pictures a node shows. */
import { h } from "./dom.js";
import { RatingRow } from "./rating-row.js";

export class RatingList {
  constructor(tools) {
    this.tools = tools;
    this.node = h("div", { class: "vibes-list" });
    this.show([]);
  }

  /** Stand for these pictures from now on. */
  show(pictures) {
    const { t, said } = this.tools;
    const rows = pictures.map((picture, index) => {
      const place = t("rate.place", { number: index + 1, total: pictures.length });
      return new RatingRow(said.apply(picture), pictures.length > 1 ? place : "", this.tools);
    });
    const empty = h("p", { class: "vibes-hint" }, t("rate.empty"));
    this.node.replaceChildren(...(rows.length ? rows.map((row) => row.node) : [empty]));
  }
}
