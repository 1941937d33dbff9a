/** The grid: a listbox of cards, every box reserved before its picture exists. */
import { Card } from "./card.js";
import { LiveElement, button, flag, h } from "./dom.js";
import { toggle } from "./picks.js";
import { store } from "./store.js";
import { steer } from "./studio.js";
import { showTab } from "./tabs.js";
import { longPress } from "./touch.js";
import { FILTERS, ORDERS, columnsFor } from "./view.js";
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
    this.replaceChildren(this.list, this.empty);
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
    if (!same) this.arrange();
  }

  build(count) {
    this.cards = Array.from({ length: count }, () => new Card({ onretry: () => steer("retry") }));
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

  /** Put the cards in the chosen order, hide what the filter leaves out, hand out the keys. */
  arrange({ order = this.order, filter = this.filter } = {}) {
    Object.assign(this, { order, filter });
    const sorted = [...this.cards].sort(
      (a, b) => ORDERS[order](a.image, b.image) || a.image.index - b.image.index,
    );
    if (sorted.some((card, index) => card.node !== this.list.children[index])) {
      this.list.append(...sorted.map((card) => card.node));
    }
    for (const card of sorted) flag(card.node, "hidden", !FILTERS[filter](card.image));
    this.visible = sorted.filter((card) => !card.node.hidden);
    this.cards.forEach((card) => card.setKey(null));
    this.visible.forEach((card, index) => card.setKey(CARD_KEYS[index]));
    if (!this.visible.includes(this.active)) this.setActive(this.visible[0] ?? null);
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
    else if (card && !target.closest("button")) {
      card.node.focus({ preventScroll: true });
      toggle(card.image.id);
    }
  }

  zoom(card = this.active) {
    const shown = this.visible
      .filter(({ image }) => image.state === "collected")
      .map(({ image }) => image.id);
    if (card && shown.includes(card.image.id))
      openZoom(shown, card.image.id, (id) => this.focusCard(this.find(id)));
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
