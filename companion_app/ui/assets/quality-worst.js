/** The ten pictures that show least of what was asked. */
import { get } from "./api.js";
import { moveToBin } from "./bin.js";
import { button, flag, h, hint, write } from "./dom.js";
import { leaving } from "./leaving.js";
import { LiveList } from "./list.js";
import { report } from "./notice.js";
import { visit } from "./quality-tables.js";
import { ScoreLine } from "./score-line.js";
import { openZoom } from "./zoom.js";

export class Worst {
  constructor() {
    this.cards = h("ul", { class: "v-thumbs", "aria-label": "The ten worst" });
    this.list = new LiveList(this.cards, () => new Thumb((id) => this.open(id)));
    this.node = h(
      "section",
      { class: "v-worst" },
      h("h3", {}, "Look at these first"),
      hint("The ten that show least of what was asked."),
      this.cards,
    );
  }

  show(images) {
    this.images = images;
    flag(this.node, "hidden", images.length === 0);
    this.list.show(images);
  }

  open(id) {
    const ids = this.images.map((image) => image.id);
    openZoom(ids, id, { others: this.images, onleave: leave, isMatchOpen: true });
  }
}

async function leave({ batch_id: id }) {
  try {
    const { session_id: session } = await get(`/api/batches/${id}`);
    await visit({ batch_id: id, session_id: session });
  } catch (error) {
    report(error);
  }
}

/** One picture, small: pressed it is shown large. */
class Thumb {
  constructor(onopen) {
    this.picture = h("img", { alt: "", loading: "lazy", decoding: "async" });
    this.open = h("button", { type: "button", class: "v-thumb", onclick: () => onopen(this.id) });
    this.open.append(this.picture);
    this.score = new ScoreLine();
    this.why = h("p", { class: "v-hint" });
    const put = () => leaving(this.node, moveToBin({ images: [this.id] }));
    this.act = button("Move to bin", put, { "data-quiet": true });
    this.node = h("li", {}, this.open, this.score.node, this.why, this.act);
  }

  show(image) {
    this.id = image.id;
    if (this.picture.getAttribute("src") !== image.thumbnail_url)
      this.picture.src = image.thumbnail_url;
    this.open.style.aspectRatio = `${image.width} / ${image.height}`;
    this.open.setAttribute("aria-label", `Look closely: ${image.prompt}`);
    this.open.title = image.prompt;
    this.score.show(image.adherence);
    write(this.why, image.why);
    this.act.setAttribute("aria-label", `Move to bin: ${image.prompt}`);
  }
}
