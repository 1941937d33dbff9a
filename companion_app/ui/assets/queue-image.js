/** One picture of the queue: what makes it, where it stands, why not elsewhere. */
import { button, flag, h, once, write } from "./dom.js";
import { loraList, modelName } from "./format.js";
import {
  cancelImage,
  isOpen,
  moveToFront,
  nextImage,
  pauseImage,
  retryImage,
} from "./queue-acts.js";
import { imageWords, soon, together } from "./queue-words.js";

export class ImageRow {
  constructor() {
    this.number = h("span", { class: "v-number v-row-number" });
    this.model = h("strong", { class: "v-cut" });
    this.loras = h("span", { class: "v-hint v-cut" });
    this.words = h("span", { class: "v-row-words" });
    this.why = h("p", { class: "v-hint" });
    this.error = h("p", { class: "v-trouble" });
    this.share = h("i");
    this.bar = h("div", { class: "v-meter", "aria-hidden": "true" }, this.share);
    this.time = h("span", { class: "v-number v-row-time" });
    this.front = this.act("First", () => moveToFront(this.image, this.batch));
    this.pause = this.act("Pause", once(() => pauseImage(this.image)));
    this.retry = this.act("Retry", () => retryImage(this.image, this.batch));
    this.cancel = this.act("Cancel", () => cancelImage(this.image));
    this.node = h(
      "li",
      { class: "v-row" },
      this.number,
      h("div", { class: "v-row-recipe" }, this.model, this.loras),
      h("div", { class: "v-row-state" }, this.words, this.bar, this.error, this.why),
      this.time,
      h("div", { class: "v-row-acts" }, this.front, this.pause, this.retry, this.cancel),
    );
  }

  act(label, run) {
    return button(label, run, { "data-quiet": true });
  }

  show(image, batch) {
    Object.assign(this, { image, batch });
    const view = describe(image, batch);
    const seen = JSON.stringify(view);
    if (seen === this.seen) return;
    this.seen = seen;
    this.node.dataset.imageId = image.id;
    this.node.dataset.phase = view.phase;
    for (const name of ["number", "model", "loras", "words", "why", "error", "time"])
      write(this[name], view[name]);
    for (const name of ["model", "loras"]) this[name].title = view[name];
    this.share.style.setProperty("--share", view.share);
    flag(this.bar, "hidden", view.share === null);
    this.showActs(view);
  }

  showActs({ open, held, first, failed, number }) {
    write(this.pause, held ? "Resume" : "Pause");
    flag(this.front, "hidden", !open || first);
    flag(this.pause, "hidden", !open);
    flag(this.retry, "hidden", !failed);
    flag(this.cancel, "hidden", failed);
    for (const node of [this.front, this.pause, this.retry, this.cancel])
      node.setAttribute("aria-label", `${node.textContent}: picture ${number}`);
  }
}

/** Everything a row shows; equal descriptions look the same. */
function describe(image, batch) {
  const { phase, held, value, max, why, error } = image;
  const waiting = phase === "waiting";
  const idle = held || batch.paused;
  const begun = phase === "running" && max;
  return {
    number: String(image.index + 1),
    model: image.checkpoint ? modelName(image.checkpoint) : "",
    loras: image.loras.length ? loraList(image.loras) : "no LoRA",
    words: imageWords(image, batch),
    why: waiting && !idle ? together(why).join(" ") : "",
    error: image.state === "failed" ? (error ?? "This picture could not be made.") : "",
    time: idle && waiting ? "" : soon(image.done_in),
    share: begun ? value / max : null,
    phase: image.state === "failed" ? "failed" : phase,
    open: isOpen(image) && (waiting || phase === "queued"),
    first: image === nextImage(batch) || !waiting,
    failed: image.state === "failed",
    held,
  };
}
