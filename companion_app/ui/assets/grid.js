/** The grid: a listbox of cards, every box reserved before its picture exists. */
import { restore } from "./bin.js";
import { Card } from "./card.js";
import { LiveElement, button, flag, h, write } from "./dom.js";
import { toggle } from "./picks.js";
import { scoring } from "./scoring.js";
import { store } from "./store.js";
import { steer } from "./studio.js";
import { showTab } from "./tabs.js";
import { longPress } from "./touch.js";
import { BY_SCORE, FILTERS, FILTER_NAMES, ORDERS, columnsFor } from "./view.js";
import { openZoom } from "./zoom.js";

/** On the cards in this order; i, r and z are commands. */
export const CARD_KEYS = [..."1234567890abcdefghjklmnopqstuvwxy"];
/** Up to so many pictures are shown large, and so as originals instead of thumbnails. */
const FEW = 4;
const PRIMARY = { "data-kind": "primary" };

const NO_SERVER = [
  "No server yet",
  "Pictures are made by ComfyUI, on this machine or any other it can reach. One address is enough.",
];
const WELCOME = [
  "Your first grid is one sentence away",
  "Describe a picture above and press Enter. Pick the drafts you like; the next stage redraws " +
    "your picks larger, and the studio learns what to try next.",
];

class Grid extends LiveElement {
  order = "order";
  filter = "all";
  cards = [];
  visible = [];
  /** What the order and the filter leave on screen, first to last, would be another by now. */
  isStale = false;
  active = null;
  /** Id of the grid on screen: null for a placeholder, undefined for none. */
  shown = undefined;

  connect(signal) {
    this.list = h("div", {
      class: "v-grid",
      role: "listbox",
      "aria-multiselectable": "true",
      "aria-label": "Pictures to pick from",
    });
    this.empty = h("div", { class: "v-empty" });
    this.noneText = h("p");
    const all = button("Show all", () => this.arrange({ filter: "all" }));
    this.none = h("div", { class: "v-empty", hidden: true }, this.noneText, all);
    this.replaceChildren(this.list, this.none, this.empty);
    this.list.addEventListener("click", (event) => this.clicked(event), { signal });
    this.list.addEventListener("focusin", ({ target }) => this.setActive(this.cardOf(target)), {
      signal,
    });
    const resized = new ResizeObserver(() => this.fit());
    resized.observe(this);
    signal.addEventListener("abort", () => resized.disconnect());
    longPress(this.list, (target) => this.zoom(this.cardOf(target)), signal);
    store.watch(["batch", "servers"], () => this.render(), signal);
    store.watch(["image"], (image) => image && this.update(image), signal);
    store.watch(["live"], (image) => image && this.find(image.id)?.live(), signal);
    store.watch(["scores"], () => this.scored(), signal);
    scoring.watch(["change"], () => this.reserve(), signal);
  }

  render() {
    const images = store.batch?.images ?? [];
    const id = store.batch ? store.batch.id : undefined;
    const fits = images.length === this.cards.length;
    const same = fits && id === this.shown;
    const planned = fits && this.shown === null;
    if (!same && !planned) this.build(images.length);
    this.shown = id;
    this.fit();
    images.forEach((image, index) => this.cards[index].show(image, { full: images.length <= FEW }));
    flag(this.list, "hidden", images.length === 0);
    this.renderEmpty(images.length === 0);
    this.reserve();
    if (!same) this.arrange();
    else this.judge();
  }

  build(count) {
    const acts = { onretry: () => steer("retry"), onrestore: (id) => restore([id]) };
    this.cards = Array.from({ length: count }, () => new Card(acts));
    this.list.replaceChildren(...this.cards.map((card) => card.node));
    this.active = null;
    this.filter = "all";
    store.emit("view");
  }

  /** Choose the columns for the room there is. */
  fit() {
    const images = store.batch?.images ?? [];
    if (images.length === 0 || this.clientWidth === 0) return;
    this.list.style.setProperty("--columns", columnsFor(images.length, this.clientWidth));
    this.list.style.setProperty("--ratio", images[0].width / images[0].height);
  }

  /** Keep a line for the score under every card, where pictures get one. */
  reserve() {
    const isScored = this.cards.some(({ image }) => image?.adherence);
    flag(this, "data-scoring", scoring.isOn || isScored);
  }

  /** Scores have come: told under the cards at once, each burst of them in one go. */
  scored() {
    this.telling ??= requestAnimationFrame(() => {
      this.telling = null;
      for (const card of this.cards) if (card.image) card.showScore();
      this.reserve();
      this.judge();
    });
  }

  get sorted() {
    return [...this.cards].sort(
      (a, b) => ORDERS[this.order](a.image, b.image) || a.image.index - b.image.index,
    );
  }

  /** Nothing moves under the person's hand: what came since is told, and sorted on request. */
  judge() {
    const depends = BY_SCORE.includes(this.order) || BY_SCORE.includes(this.filter);
    const wanted = depends && this.sorted.filter(({ image }) => FILTERS[this.filter](image));
    const isLike = (card, index) => card === this.visible[index];
    this.isStale = depends && !(wanted.length === this.visible.length && wanted.every(isLike));
    store.emit("view");
  }

  /** Put the cards in the chosen order, hide what the filter leaves out, hand out the keys. */
  arrange({ order = this.order, filter = this.filter } = {}) {
    Object.assign(this, { order, filter, isStale: false });
    const { sorted } = this;
    if (sorted.some((card, index) => card.node !== this.list.children[index])) {
      this.list.append(...sorted.map((card) => card.node));
    }
    for (const card of sorted) flag(card.node, "hidden", !FILTERS[filter](card.image));
    this.visible = sorted.filter((card) => !card.node.hidden);
    this.cards.forEach((card) => card.setKey(null));
    this.visible.forEach((card, index) => card.setKey(CARD_KEYS[index]));
    if (!this.visible.includes(this.active)) this.setActive(this.visible[0] ?? null);
    flag(this.none, "hidden", this.cards.length === 0 || this.visible.length > 0);
    write(this.noneText, `Nothing here is “${FILTER_NAMES[filter]}”.`);
    store.emit("view");
  }

  renderEmpty(on) {
    flag(this.empty, "hidden", !on);
    if (!on) return;
    const servers = store.servers;
    const none = servers?.total === 0;
    const [title, text] = none ? NO_SERVER : WELCOME;
    const way = none && button("Add your first server", () => showTab("Servers"), PRIMARY);
    this.empty.replaceChildren(...[h("h2", {}, title), h("p", {}, text), way].filter(Boolean));
  }

  update(image) {
    this.find(image.id)?.show(image, { full: this.cards.length <= FEW });
  }

  clicked({ target }) {
    const card = this.cardOf(target);
    if (target.closest(".v-info")) card.explain();
    else if (target.closest(".v-score-line")) this.zoom(card, { isMatchOpen: true });
    else if (card && !target.closest("button")) {
      card.node.focus({ preventScroll: true });
      toggle(card.image.id);
    }
  }

  zoom(card = this.active, options = {}) {
    const shown = this.visible
      .filter(({ image }) => image.state === "collected" && !image.binned)
      .map(({ image }) => image.id);
    const onclose = (id) => this.focusCard(this.find(id));
    if (card && shown.includes(card.image.id)) openZoom(shown, card.image.id, { onclose, ...options });
  }

  toggleKey(key) {
    const card = this.visible?.find(({ label }) => label === key);
    if (!card) return false;
    this.focusCard(card);
    toggle(card.image.id);
    return true;
  }

  toggleActive() {
    if (this.active) toggle(this.active.image.id);
  }

  /** Move the focus by `columns` and `rows`. */
  move(columns, rows) {
    const here = this.visible.indexOf(this.active);
    const there = here + columns + rows * this.columnCount();
    this.focusCard(this.visible[there] ?? this.active);
  }

  columnCount() {
    const top = this.visible[0]?.node.offsetTop;
    const below = this.visible.findIndex(({ node }) => node.offsetTop !== top);
    return below === -1 ? this.visible.length : below;
  }

  focusActive() {
    if (this.active) this.focusCard(this.active);
    else store.wantsFocus = true;
  }

  focusCard(card) {
    card?.node.focus();
  }

  setActive(card) {
    this.active?.node.setAttribute("tabindex", "-1");
    this.active = card;
    card?.node.setAttribute("tabindex", "0");
    if (card && store.wantsFocus) this.takeFocus(card);
  }

  /** Once asked to, and never away from a prompt being written. */
  takeFocus(card) {
    store.wantsFocus = false;
    if (!isDraft(document.activeElement)) card.node.focus({ preventScroll: true });
  }

  find(imageId) {
    return this.cards.find(({ image }) => image?.id === imageId) ?? null;
  }

  cardOf(target) {
    const node = target.closest(".v-card");
    return this.cards.find((card) => card.node === node) ?? null;
  }
}

/** A text field holding words the studio does not have yet. */
function isDraft(field) {
  return field?.matches("textarea") && !["", store.session?.prompt].includes(field.value);
}

customElements.define("vibes-grid", Grid);
