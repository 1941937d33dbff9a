/** The controls of one picture: thumbs, stars, what it is about, and a sentence where one is due. */
import { button, h, icon } from "./dom.js";
import { DISLIKE, LIKE, STARS } from "./pictures.js";

export class RatingRow {
  /** Requests follow each other: what was pressed last is what is stored last. */
  #sending = Promise.resolve();
  #turn = 0;

  /** `place` is "2 of 3" where there are several, `tools` are `{t, server, news, address}`. */
  constructor(picture, place, tools) {
    this.tools = tools;
    this.picture = picture;
    this.thumbs = [
      this.#thumb(DISLIKE, "thumbs-down", "rate.dislike"),
      this.#thumb(LIKE, "thumbs-up", "rate.like"),
    ];
    this.stars = STARS.map((value) => this.#star(value));
    this.note = h("p", { class: "vibes-note", role: "status" });
    this.node = this.#build(place);
    this.draw(picture.overall);
    this.say(picture.teaches ? "" : picture.detail);
  }

  /** Rate the picture; what is not stored in the end is taken back, with a sentence that says why. */
  async give(overall) {
    const turn = ++this.#turn;
    this.draw(overall);
    this.say("");
    const sent = this.#sending.then(() => this.#send(overall));
    this.#sending = sent.catch(() => {});
    try {
      const told = await sent;
      if (turn === this.#turn) this.say(told.teaches ? "" : told.detail);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.draw(this.picture.overall);
      this.say(error.message, "error");
    }
  }

  /** Take over what is stored of the picture, unless something was pressed since it was asked. */
  recall(overall) {
    if (this.#turn) return;
    this.picture.overall = overall;
    this.draw(overall);
  }

  /** Show a rating, null for none. */
  draw(overall) {
    const { thumbs, stars } = this;
    this.node.dataset.overall = overall ?? "";
    for (const { node, value } of [...thumbs, ...stars])
      node.setAttribute("aria-pressed", String(value === overall));
    for (const { node, value } of thumbs) draw(node, value === overall);
    for (const { node, value } of stars) draw(node, value <= (overall ?? 0));
  }

  say(sentence, tone = "") {
    this.note.textContent = sentence;
    this.note.dataset.tone = tone;
  }

  async #send(overall) {
    const { server, news } = this.tools;
    const told = await server.rate(this.picture.image, overall);
    this.picture.overall = told.overall;
    news.dispatchEvent(new Event("rated"));
    return told;
  }

  #build(place) {
    const { about, view } = this.picture;
    const { t, address } = this.tools;
    const small = place && view;
    return h(
      "div",
      { class: "vibes-row", role: "group", "aria-label": t("rate.group", { place, about }) },
      small ? h("img", { class: "vibes-small", src: address(view), alt: place }) : null,
      h("div", { class: "vibes-controls" }, h("p", { class: "vibes-about", title: about }, about), [
        h("div", { class: "vibes-presses" }, nodes(this.thumbs), h("span"), nodes(this.stars)),
      ]),
      this.note,
    );
  }

  #thumb(value, shape, key) {
    return this.#press(value, shape, this.tools.t(key), "vibes-thumb");
  }

  #star(value) {
    return this.#press(value, "star", this.tools.t("rate.star", { count: value }), "vibes-star");
  }

  #press(value, shape, label, kind) {
    const attributes = { class: `vibes-press ${kind}`, "aria-label": label, title: label };
    const node = button(icon(shape), () => this.give(value), {
      ...attributes,
      "data-shape": shape,
    });
    return { value, node };
  }
}

const nodes = (presses) => presses.map(({ node }) => node);

function draw(press, on) {
  press.toggleAttribute("data-on", on);
  press.firstChild.className = `pi pi-${press.dataset.shape}${on ? "-fill" : ""}`;
}
