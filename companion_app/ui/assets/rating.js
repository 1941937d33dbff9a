/** The person's own rating of one picture: stars, what is wrong with it, tags, a comment. */
import { get, put } from "./api.js";
import { button, flag, h, write } from "./dom.js";
import { report } from "./notice.js";

const STARS = [1, 2, 3, 4, 5];
const WORDS = ["poor", "fair", "good", "very good", "great"];
const SCALES = { quality: "Quality", accuracy: "Accuracy", aesthetics: "Aesthetics" };
const FLAWS = ["hands", "face", "text", "extra limbs", "blurry"];
const STARS_FIRST = "Give it stars first: keys 1 to 5.";
const PAUSE_MS = 600;
/** The details stay open from picture to picture. */
let open = false;

export class Rating {
  sending = Promise.resolve();

  constructor() {
    this.stars = stars("Rating", (overall) => this.give({ overall }), "v-stars v-overall");
    this.more = button("Details", () => this.toggle(), { "aria-expanded": String(open) });
    this.status = h("p", { role: "status", class: "v-hint" });
    this.scales = Object.entries(SCALES).map(([name, label]) =>
      stars(label, (value) => this.give({ [name]: this.rating?.[name] === value ? null : value })),
    );
    this.chips = FLAWS.map((flaw) =>
      button(flaw, () => this.flip(flaw), { class: "v-button v-chip", "aria-pressed": "false" }),
    );
    this.tags = h("input", { "aria-label": "Tags, parted by commas", placeholder: "cosy, for print" });
    this.comment = h("textarea", { rows: "3", "aria-label": "Comment", maxlength: "2000" });
    for (const field of [this.tags, this.comment])
      field.addEventListener("input", () => this.written());
    this.details = h(
      "fieldset",
      { class: "v-rating", disabled: true },
      h("legend", { class: "v-hidden" }, "Details of the rating"),
      this.status,
      ...this.scales.map((scale, index) => row(Object.values(SCALES)[index], scale.node)),
      row("Wrong", h("div", { class: "v-chips", role: "group", "aria-label": "Flaws" }, this.chips)),
      row("Tags", this.tags),
      row("Comment", this.comment),
    );
    flag(this.details, "hidden", !open);
  }

  /** Rate this picture from now on. */
  async about(image) {
    this.flush();
    if (this.image?.id === image.id) return;
    this.image = image;
    this.rating = null;
    this.render();
    try {
      await this.sending.catch(() => {}); // one that is on its way belongs to the answer
      const { rating } = await get(`/api/learning/rating?image=${encodeURIComponent(image.id)}`);
      if (this.image.id !== image.id || this.rating) return;
      this.rating = rating;
      this.render();
    } catch (error) {
      if (this.image.id === image.id) write(this.status, error.message);
    }
  }

  /** Take the overall rating a key stands for; false when it stands for none. */
  key(key) {
    const overall = Number(key);
    if (!STARS.includes(overall)) return false;
    this.give({ overall });
    return true;
  }

  toggle() {
    open = !open;
    flag(this.details, "hidden", !open);
    this.more.setAttribute("aria-expanded", String(open));
  }

  flip(flaw) {
    const flaws = this.rating?.flaws ?? [];
    const others = flaws.filter((one) => one !== flaw);
    this.give({ flaws: others.length < flaws.length ? others : [...flaws, flaw] });
  }

  /** What is written is sent when the writing pauses, or the picture is left. */
  written() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), PAUSE_MS);
  }

  flush() {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    const tags = this.tags.value.split(",").map((tag) => tag.trim());
    this.give({ tags: tags.filter(Boolean), comment: this.comment.value.trim() || null });
  }

  /** Change some fields, show it, and save the whole at once. */
  async give(fields) {
    if (!this.rating && !fields.overall) return write(this.status, STARS_FIRST);
    const { id } = this.image;
    const before = this.rating;
    this.rating = { flaws: [], tags: [], ...before, ...fields };
    this.render({ keepText: true });
    const sent = this.rating;
    try {
      const { recorded } = await this.send(id, sent);
      const said = recorded ? "Saved." : "Not kept: this profile does not learn.";
      if (this.rating === sent) write(this.status, said);
    } catch (error) {
      if (this.rating !== sent) return report(error);
      this.rating = before;
      this.render({ keepText: true });
      write(this.status, error.message);
      this.showDetails();
    }
  }

  /** One after the other: the last one given is the last one stored. */
  send(id, rating) {
    this.sending = this.sending.catch(() => {}).then(() => put(`/api/images/${id}/rating`, rating));
    return this.sending;
  }

  showDetails() {
    if (!open) this.toggle();
  }

  render({ keepText = false } = {}) {
    const { rating } = this;
    this.stars.show(rating?.overall ?? 0);
    Object.keys(SCALES).forEach((name, index) => this.scales[index].show(rating?.[name] ?? 0));
    const flaws = rating?.flaws ?? [];
    this.chips.forEach((chip, index) =>
      chip.setAttribute("aria-pressed", String(flaws.includes(FLAWS[index]))),
    );
    this.details.disabled = !rating;
    if (keepText) return;
    write(this.status, rating ? "" : STARS_FIRST);
    this.tags.value = (rating?.tags ?? []).join(", ");
    this.comment.value = rating?.comment ?? "";
  }
}

/** Five buttons, of which as many shine as were given. */
function stars(label, ongive, name = "v-stars") {
  const buttons = STARS.map((count) =>
    h(
      "button",
      {
        type: "button",
        "aria-label": `${label}: ${count} of 5, ${WORDS[count - 1]}`,
        "aria-pressed": "false",
        title: WORDS[count - 1],
        onclick: () => ongive(count),
      },
      "★",
    ),
  );
  const node = h("div", { class: name, role: "group", "aria-label": label }, buttons);
  const show = (given) =>
    buttons.forEach((star, index) => {
      star.setAttribute("aria-pressed", String(index + 1 === given));
      flag(star, "data-on", index < given);
    });
  return { node, show };
}

function row(label, field) {
  return h("div", { class: "v-rating-row" }, h("span", { "aria-hidden": "true" }, label), field);
}
