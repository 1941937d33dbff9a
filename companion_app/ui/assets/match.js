/** What a picture shows of what was asked: one line per requirement, and the person's word on it. */
import { get, put } from "./api.js";
import { button, flag, h, write } from "./dom.js";
import { plural } from "./format.js";
import { Requirement } from "./match-row.js";
import { ScoreLine } from "./score-line.js";
import { scoring } from "./scoring.js";
import { store } from "./store.js";
import { reload } from "./studio.js";

const NOT_YET = "This picture is not scored yet. Its score comes by itself.";
const BARS = "Bars: how far each is ahead of other things of its kind; the mark is chance.";
/** The panel stays open from picture to picture. */
let isOpen = false;

export class Match {
  rows = [];
  sending = Promise.resolve();
  isCalibrated = false;

  constructor() {
    this.line = new ScoreLine();
    this.more = button([h("span", {}, "Match"), this.line.node], () => this.toggle(), {
      "aria-expanded": String(isOpen),
      "aria-keyshortcuts": "s",
    });
    this.said = h("p");
    this.list = h("ul", { class: "v-match-list" });
    this.labels = h("p", { class: "v-hint" });
    this.trouble = h("p", { class: "v-trouble", role: "status" });
    this.node = h(
      "section",
      { class: "v-match", "aria-label": "What it shows of what was asked" },
      ...[h("h2", {}, "Does it show what was asked?"), this.said, this.labels],
      ...[this.trouble, this.list],
    );
  }

  /** Stand for this picture, as it is now. */
  about(image) {
    if (!image) return;
    const isOther = this.image?.id !== image.id;
    const isNews = isOther || this.told !== image.adherence?.overall;
    Object.assign(this, { image, told: image.adherence?.overall });
    this.line.show(image.adherence);
    flag(this.more, "hidden", !this.isOffered);
    flag(this.node, "hidden", !this.isShown);
    if (isOther) this.detail = null;
    if (isNews && this.isShown) this.load();
  }

  /** There is something to tell, or will be. */
  get isOffered() {
    return Boolean(this.image?.adherence) || scoring.isOn;
  }

  get isShown() {
    return isOpen && this.isOffered;
  }

  open() {
    if (!isOpen) this.toggle();
  }

  toggle() {
    if (!this.isOffered) return;
    isOpen = !isOpen;
    flag(this.node, "hidden", !isOpen);
    this.more.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.load();
  }

  /** Read it anew; what was shown stays until the answer is there, so that the focus can. */
  async load() {
    const { id } = this.image;
    flag(this.list, "aria-busy", "true");
    try {
      const [detail] = await Promise.all([get(`/api/images/${id}/adherence`), scoring.refresh()]);
      if (this.image.id === id) this.render(detail);
    } catch (error) {
      const isEarly = error.status === 409 && scoring.isOn;
      if (this.image.id === id) this.render(null, isEarly ? NOT_YET : error.message);
    }
  }

  /** Show what is known, `trouble` where it is not. */
  render(detail, trouble = "") {
    this.detail = detail;
    flag(this.list, "aria-busy", null);
    write(this.said, detail?.explanation ?? "");
    write(this.trouble, trouble);
    write(this.labels, detail ? labelsText(scoring.known) : "");
    const items = detail?.items ?? [];
    for (const row of this.rows.splice(items.length)) this.drop(row);
    items.forEach((item, index) => this.row(index).show(item));
  }

  row(index) {
    this.rows[index] ??= new Requirement((...said) => this.label(...said));
    const { node } = this.rows[index];
    if (node.parentNode !== this.list) this.list.append(node);
    return this.rows[index];
  }

  /** Without a button under the focus the keys would be lost to the picture. */
  drop({ node }) {
    if (node.contains(document.activeElement)) this.more.focus();
    node.remove();
  }

  /** Whether it shows a requirement: true, false, or null to say nothing. Shown at once. */
  async label(requirement, shown) {
    const before = this.detail;
    if (!before) return; // what is on screen is of another picture still
    const said = (item) => (item.requirement === requirement ? { ...item, shown } : item);
    this.render({ ...before, items: before.items.map(said) });
    const { id } = this.image;
    const given = this.detail;
    const isLast = () => this.image.id === id && this.detail === given;
    try {
      const detail = await this.send(id, { requirement, shown });
      await scoring.refresh();
      if (isLast()) this.render(detail);
      await this.follow(id, detail);
    } catch (error) {
      if (isLast()) this.render(before, error.message);
    }
  }

  /** One after the other: the last one said is the last one stored. */
  send(id, label) {
    const path = `/api/images/${id}/adherence/labels`;
    this.sending = this.sending.catch(() => {}).then(() => put(path, label));
    return this.sending;
  }

  /** Percentages are learned anew, and so those of the other pictures of its grid. */
  async follow(id, detail) {
    if (detail.calibrated === this.isCalibrated && !detail.calibrated) return;
    this.isCalibrated = detail.calibrated;
    if (store.image(id)) await reload();
    if (this.image.id === id) this.line.show(detail);
  }
}

function labelsText(known) {
  const { total = 0, needed = 0 } = known?.labels ?? {};
  if (known?.calibrated) return `${BARS} Percentages come from ${plural(total, "label")} of yours.`;
  const left = Math.max(1, needed);
  return `${BARS} Say what it shows: ${plural(left, "more label")} until percentages appear.`;
}
