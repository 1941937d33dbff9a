/** One picture of the grid: its box, its state, what made it. */
import { button, flag, h } from "./dom.js";
import { SILENT, isSilent, loraText, modelName, scoreList } from "./format.js";
import { ScoreLine } from "./score-line.js";
import { scoreSpoken } from "./score-words.js";
import { Why } from "./why.js";

/** What a box says while it holds no picture. */
const WAITING = { planned: "waiting", submitted: "starting", cancelled: "cancelled" };
let serial = 0;

export class Card {
  /** `onretry` and `onrestore` are called when the person asks for a failed or a binned picture. */
  constructor({ onretry, onrestore }) {
    this.picture = h("img", { class: "v-picture", alt: "", draggable: "false", decoding: "async" });
    this.preview = h("img", { class: "v-preview", alt: "", draggable: "false" });
    this.ring = h("div", { class: "v-ring", "aria-hidden": "true" });
    this.waiting = h("div", { class: "v-waiting" });
    this.key = h("kbd", { class: "v-key", "aria-hidden": "true" });
    this.tick = h("span", { class: "v-tick", "aria-hidden": "true" });
    this.failure = h("p");
    this.why = new Why();
    this.model = h("div", { class: "v-model" });
    this.loras = h("div", { class: "v-loras" });
    this.facts = h("div", { class: "v-facts" });
    this.box = h(
      "div",
      { class: "v-box" },
      ...[this.preview, this.picture, this.waiting, this.ring, this.why.node, this.key, this.tick],
      h(
        "div",
        { class: "v-failure" },
        this.failure,
        button("Retry", onretry, { tabindex: "-1", "data-quiet": true }),
      ),
      h(
        "div",
        { class: "v-binned" },
        h("p", {}, "in the bin"),
        button("Restore", () => onrestore(this.image.id), { tabindex: "-1", "data-quiet": true }),
      ),
    );
    this.info = button("i", null, {
      class: "v-info",
      tabindex: "-1",
      "aria-label": "Why this picture",
      "data-quiet": true,
    });
    const details = { type: "button", tabindex: "-1", "aria-label": "Match, in detail" };
    this.score = new ScoreLine("button", details);
    const caption = h(
      "div",
      { class: "v-caption" },
      ...[this.model, this.loras, this.facts, this.info],
      h("div", { class: "v-score" }, this.score.node),
    );
    const id = `vibes-card-${(serial += 1)}`;
    this.node = h(
      "div",
      { id, class: "v-card", role: "option", tabindex: "-1" },
      this.box,
      caption,
    );
    this.picture.addEventListener("load", () => this.node.setAttribute("data-loaded", ""));
    this.picture.addEventListener("error", () => this.unreadable());
  }

  /** Show `image`; `full` asks for the original instead of the thumbnail. */
  show(image, { full }) {
    if (image.id !== this.image?.id) this.clear();
    this.image = image;
    this.node.dataset.imageId = image.id;
    this.node.dataset.state = image.state;
    this.node.dataset.selection = image.selection;
    this.node.setAttribute("aria-selected", String(image.selection === "selected"));
    this.box.style.aspectRatio = `${image.width} / ${image.height}`;
    this.waiting.textContent = WAITING[image.state] ?? "";
    this.failure.textContent =
      image.state === "failed" ? (image.error ?? "This picture could not be made.") : "";
    flag(this.node, "data-binned", Boolean(image.binned));
    const isThere = image.state === "collected" && !image.binned;
    this.setPicture(isThere ? (full ? image.url : image.thumbnail_url) : null);
    this.live();
    this.describe(image);
  }

  /** Progress and live preview while the server draws. */
  live() {
    const { state, progress } = this.image;
    if (state === "collected") return; // the last preview stays until the picture is loaded
    const { value, max, preview_url: url } = progress ?? {};
    this.ring.style.setProperty("--share", max ? value / max : 0);
    if (!url) this.preview.removeAttribute("src");
    else if (this.preview.getAttribute("src") !== url) this.preview.src = url;
    flag(this.node, "data-live", Boolean(progress));
  }

  setKey(label) {
    this.label = label;
    this.key.textContent = label ?? "";
    flag(this.node, "aria-keyshortcuts", label);
  }

  /** Show or hide the reason; without an argument, the other of the two. */
  explain(on = !this.node.hasAttribute("data-why")) {
    const shown = on && Boolean(this.image.reason);
    flag(this.node, "data-why", shown);
    if (shown) this.why.open();
    else this.why.close();
  }

  clear() {
    this.why.close();
    for (const name of ["data-loaded", "data-live", "data-why"]) this.node.removeAttribute(name);
    this.preview.removeAttribute("src");
    this.picture.removeAttribute("src");
    this.ring.style.removeProperty("--share");
  }

  setPicture(url) {
    if (!url) {
      this.picture.removeAttribute("src");
      this.node.removeAttribute("data-loaded");
    } else if (this.picture.getAttribute("src") !== url) {
      this.picture.src = url;
    }
  }

  unreadable() {
    this.node.dataset.state = "failed";
    this.failure.textContent = "This picture could not be loaded; retry, or reload the page.";
  }

  describe(image) {
    this.model.textContent = image.checkpoint ? modelName(image.checkpoint) : "";
    this.describeLoras(image);
    const facts = [
      image.seed !== undefined && `seed ${image.seed}`,
      image.server,
      scoreList(image.scores),
      image.triggers?.length > 0 && `+ ${image.triggers.join(", ")}`,
    ];
    this.facts.textContent = facts.filter(Boolean).join(" · ");
    this.model.title = image.checkpoint ?? "";
    this.facts.title = this.facts.textContent;
    this.why.about(image);
    flag(this.info, "hidden", !image.reason);
    this.showScore();
  }

  /** The score alone: it comes after everything else, and changes with those of other pictures. */
  showScore() {
    const { adherence, binned } = this.image;
    this.score.show(binned ? null : adherence);
    flag(this.node, "aria-label", this.spoken);
  }

  /** What a screen reader says of the card. */
  get spoken() {
    const { index, state, binned, adherence } = this.image;
    const said = [
      `Picture ${index + 1}`,
      this.model.textContent,
      this.loras.title || this.loras.textContent,
      state === "collected" ? null : (WAITING[state] ?? state),
      binned ? "in the bin" : scoreSpoken(adherence),
    ];
    return said.filter(Boolean).join(", ");
  }

  /** The LoRAs it was made with; those that changed nothing are struck through. */
  describeLoras({ checkpoint, loras }) {
    const named = loras.map((lora) => (isSilent(lora) ? silent(lora) : loraText(lora)));
    const parted = named.flatMap((name, index) => (index ? [" · ", name] : [name]));
    const none = checkpoint ? ["no LoRA"] : [];
    this.loras.replaceChildren(...(loras.length ? parted : none));
    const said = loras.map((lora) => loraText(lora) + (isSilent(lora) ? ` ${SILENT}` : ""));
    this.loras.title = said.join(", ");
  }
}

function silent(lora) {
  const mark = h("span", { class: "v-silent-mark", "aria-hidden": "true" }, " ∅");
  return h("span", { class: "v-silent" }, h("s", {}, loraText(lora)), mark);
}
