/** What is being made this moment: one tile per picture a server is at work on. */
import { flag, h, write } from "./dom.js";
import { PHASES, firstWords, soon } from "./queue-words.js";

export class NowTile {
  constructor() {
    this.preview = h("img", { alt: "", draggable: "false" });
    this.server = h("strong", { class: "v-cut" });
    this.what = h("span", { class: "v-hint v-cut" });
    this.step = h("span", { class: "v-hint v-number v-cut" });
    this.share = h("i");
    this.node = h(
      "li",
      { class: "v-now" },
      h("div", { class: "v-now-picture" }, this.preview),
      h(
        "div",
        { class: "v-now-text" },
        this.server,
        this.what,
        h("div", { class: "v-meter", "aria-hidden": "true" }, this.share),
        this.step,
      ),
    );
  }

  /** `item` is {id, image, batch}. */
  show({ image, batch }) {
    const { server, value, max, preview_url: url, done_in } = image;
    const step = max && image.phase === "running" ? `step ${value} of ${max}` : null;
    write(this.server, server ?? "");
    write(this.what, `${image.index + 1} of ${firstWords(batch.prompt)}`);
    write(this.step, [step ?? PHASES[image.phase], soon(done_in)].filter(Boolean).join(" · "));
    this.what.title = batch.prompt;
    this.share.style.setProperty("--share", max ? value / max : 0);
    if (url && this.preview.getAttribute("src") !== url) this.preview.src = url;
    flag(this.preview, "hidden", !url);
  }
}
