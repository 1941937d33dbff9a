/** The two pictures of a comparison: on their way, side over side, and judged. */
import { get, post } from "./api.js";
import { button, flag, h, hint } from "./dom.js";
import { hear } from "./events.js";
import { SILENT, isSilent, modelName } from "./format.js";
import "./slider.js";

const BEFORE =
  "Two pictures are made that differ in nothing but their LoRA: same words, same seed.";
const VERDICTS = { a: "A is better", b: "B is better", neither: "Neither" };
const OVER = ["collected", "failed", "cancelled"];

export class Result {
  constructor() {
    this.node = h("section", { class: "v-compare-result", "aria-label": "Pictures" }, hint(BEFORE));
  }

  /** Show a grid of two from now on; `names` says what either is made with. */
  async follow(id, names) {
    this.leave();
    Object.assign(this, { id, names, batch: null, steps: {} });
    this.lifetime = new AbortController();
    const { signal } = this.lifetime;
    const mine = (run) => (event) => event.batch_id === id && run(event);
    hear(
      ["image", "batch"],
      mine(() => this.load()),
      signal,
    );
    hear(
      ["progress"],
      mine((event) => this.step(event)),
      signal,
    );
    hear(["reset"], () => this.load(), signal);
    await this.load();
    this.node.scrollIntoView({ block: "nearest" }); // below the form where there is no room beside it
  }

  /** Nobody looks at it any more. */
  leave() {
    this.lifetime?.abort();
  }

  async load() {
    const { id } = this;
    try {
      const batch = await get(`/api/batches/${id}`);
      if (id === this.id) this.show(batch);
    } catch (error) {
      if (id === this.id) this.node.replaceChildren(h("p", { class: "v-trouble" }, error.message));
    }
  }

  step({ image_id: id, value, max }) {
    this.steps[id] = max ? value / max : 0;
    const bar = this.node.querySelector(`[data-image-id="${CSS.escape(id)}"] .v-meter i`);
    bar?.style.setProperty("--share", this.steps[id]);
  }

  show(batch) {
    const seen = JSON.stringify(
      batch.images.map(({ state, server, error }) => [state, server, error]),
    );
    if (batch.id === this.batch?.id && seen === this.seen) return;
    Object.assign(this, { batch, seen });
    const done = batch.images.every(({ state }) => state === "collected");
    this.node.replaceChildren(...(done ? this.pictures() : this.waiting()));
  }

  waiting() {
    const boxes = this.batch.images.map((image, index) => this.box(image, "AB"[index]));
    const pair = h("div", { class: "v-compare-pair" }, boxes);
    const failed = this.batch.images.some(({ state }) => state === "failed");
    const over = this.batch.images.every(({ state }) => OVER.includes(state));
    const retry = failed && over && button("Retry", () => this.retry());
    return [pair, retry].filter(Boolean);
  }

  box(image, letter) {
    const isThere = image.state === "collected";
    const picture = isThere && h("img", { src: image.url, alt: `Picture ${letter}` });
    const share = h("i");
    share.style.setProperty("--share", this.steps[image.id] ?? 0);
    const bar = h("div", { class: "v-meter", "aria-hidden": "true" }, share);
    const state = h(
      "p",
      { class: "v-hint" },
      image.error ?? (image.server ? `on ${image.server}` : "waiting"),
    );
    const node = h("div", { class: "v-compare-box", "data-image-id": image.id });
    node.style.aspectRatio = `${image.width} / ${image.height}`;
    node.append(
      h("span", { class: "v-slider-name" }, letter),
      ...(picture ? [picture] : [state, bar]),
    );
    return node;
  }

  pictures() {
    const [a, b] = this.batch.images;
    const slider = h("vibes-slider");
    const side = ({ url }, name, index) => ({
      url,
      alt: `Picture ${name}: ${this.names[index]}`,
      name,
    });
    slider.show(side(a, "A", 0), side(b, "B", 1), a);
    slider.style.setProperty("--ratio", (a.width / a.height).toFixed(4));
    const captions = [a, b].map((image, index) => this.caption(image, index));
    this.said = h("p", { class: "v-compare-said", role: "status" });
    this.verdicts = Object.entries(VERDICTS).map(([better, label]) =>
      button(label, () => this.judge(better), { "data-better": better, "aria-pressed": "false" }),
    );
    const acts = h("div", {
      class: "v-compare-acts",
      role: "group",
      "aria-label": "Which is better?",
    });
    acts.append(...this.verdicts);
    return [slider, h("div", { class: "v-compare-names" }, captions), acts, this.said];
  }

  caption({ seed, checkpoint, loras }, index) {
    const what = h(
      "span",
      {},
      h("b", { class: "v-duel-side-name" }, "AB"[index]),
      this.names[index],
    );
    const told = [checkpoint && modelName(checkpoint), `seed ${seed}`].filter(Boolean).join(" · ");
    const nothing = loras.some(isSilent) && h("p", { class: "v-no-effect" }, SILENT);
    return h("div", {}, what, hint(told), nothing);
  }

  async judge(better) {
    const before = this.better;
    this.mark(better);
    try {
      const { recorded } = await post(`/api/compare/${this.id}/verdict`, { better });
      this.said.textContent = learned(better, this.names, recorded);
      this.said.scrollIntoView({ block: "nearest" });
    } catch (error) {
      this.mark(before);
      this.said.textContent = error.message;
    }
  }

  mark(better) {
    this.better = better;
    for (const node of this.verdicts)
      flag(node, "aria-pressed", String(node.dataset.better === better));
  }

  async retry() {
    try {
      await post(`/api/batches/${this.id}/retry`);
    } catch (error) {
      this.node.append(h("p", { class: "v-trouble" }, error.message));
    }
    await this.load();
  }
}

/** What the studio takes from a verdict, in a sentence. */
function learned(better, [a, b], recorded) {
  const prefers = {
    a: `Of the two you like ${a} better than ${b}`,
    b: `Of the two you like ${b} better than ${a}`,
  };
  const sentence = prefers[better] ?? `You like neither ${a} nor ${b}`;
  return recorded
    ? `${sentence}: noted for prompts like this one.`
    : `${sentence}. It is not learned from: this profile does not learn.`;
}
