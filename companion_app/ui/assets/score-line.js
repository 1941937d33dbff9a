/** The score of a picture as one short line, the same under cards and thumbnails. */
import { flag, h, write } from "./dom.js";
import { FLAG, TAGS, scoreText, scoreTitle } from "./score-words.js";

export class ScoreLine {
  /** `tag` is the element it is; a button opens the details. */
  constructor(tag = "span", attributes = {}) {
    this.sign = h("span", { class: "v-score-sign", "aria-hidden": "true" });
    this.text = h("span", { class: "v-score-text" });
    this.word = h("span", { class: "v-score-word" });
    this.flag = h("span", { class: "v-score-flag", role: "img" });
    this.node = h(
      tag,
      { class: "v-score-line", ...attributes },
      ...[this.sign, this.text, this.word, this.flag],
    );
  }

  /** Show this score; null shows nothing. */
  show(adherence) {
    const { tag, flagged } = adherence ?? {};
    const isRelative = Boolean(adherence) && adherence.percent === null;
    write(this.sign, TAGS[tag] ?? "");
    write(this.text, scoreText(adherence));
    write(this.word, isRelative ? "relative" : (tag ?? ""));
    write(this.flag, flagged ? FLAG : "");
    flag(this.flag, "aria-label", flagged && "flagged");
    flag(this.node, "data-tag", tag);
    flag(this.node, "title", scoreTitle(adherence) || null);
    flag(this.node, "hidden", !adherence);
  }
}

/** A line that stays as it is. */
export function scoreLine(adherence) {
  const line = new ScoreLine();
  line.show(adherence);
  return line.node;
}
