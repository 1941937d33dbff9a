/** Tab LoRAs: what there is, what each did, what may be chosen, and two of them side by side. */
import { get } from "./api.js";
import "./compare.js";
import { isAsking } from "./dialog.js";
import { LiveElement, button, flag, h, hint, write } from "./dom.js";
import { hear } from "./events.js";
import { plural } from "./format.js";
import { LiveList } from "./list.js";
import { openBlocked } from "./lora-blocked.js";
import { blocks, profileNow } from "./lora-blocks.js";
import { LoraCard } from "./lora-card.js";
import { openLora } from "./lora-detail.js";
import { LoraFilters } from "./lora-filters.js";
import { nothing } from "./lora-nothing.js";
import { Pages, readLora } from "./lora-pages.js";
import { LoraTest } from "./lora-test.js";
import { loraCount, number } from "./lora-words.js";
import { report } from "./notice.js";

/** The next page is fetched this far before the end is seen. */
const AHEAD_PX = 1200;
const PAUSE_MS = 1000;
const MOVES = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

class Loras extends LiveElement {
  fleet = [];
  facets = { total: 0, families: {}, tags: [] };
  loras = [];

  connect(signal) {
    if (!this.cards) this.build(); // moved, not new: what is typed stays
    this.whenShown(() => this.refresh());
    this.watchEnd(signal);
    hear(["servers", "reset"], () => this.isShown && this.refresh(), signal);
    hear(["effects"], () => this.follow(), signal);
    blocks.addEventListener("change", () => this.renderHead(), { signal });
    blocks.addEventListener("change", () => this.reread(), { signal });
    document.addEventListener("keydown", (event) => this.pressed(event), { signal });
  }

  build() {
    this.said = hint("");
    this.blocked = button("Blocked…", () => openBlocked(this.facets));
    this.head = h("header", { class: "v-panel-head" });
    this.head.append(h("div", {}, h("h2", {}, "LoRAs"), this.said), this.blocked);
    this.test = new LoraTest((name) => this.open(name));
    this.filters = new LoraFilters(() => this.restart());
    this.cards = h("ul", { class: "v-lora-cards", "aria-label": "LoRAs" });
    this.cards.addEventListener("keydown", (event) => this.walk(event));
    this.list = new LiveList(this.cards, (lora) => new LoraCard(lora));
    this.none = h("div", { class: "v-empty", hidden: true });
    this.end = h("div", { class: "v-lora-end", "aria-hidden": "true" });
    this.browser = [this.test.node, this.filters.node, this.cards];
    this.replaceChildren(h("vibes-notice"), this.head, ...this.browser, this.none, this.end);
    this.append(h("vibes-compare"));
  }

  /** The tab is opened: what there is now. */
  async refresh() {
    try {
      const [fleet, facets] = await Promise.all([get("/api/gpus"), get("/api/loras/facets")]);
      Object.assign(this, { fleet, facets });
      this.filters.offer(facets);
      await Promise.all([this.test.refresh(), blocks.refresh()]); // the list is read anew with it
    } catch (error) {
      report(error, { label: "Try again", run: () => this.refresh() });
    }
  }

  /** LoRAs are found to work or not, often several at once: show it before long. */
  follow() {
    this.following ??= setTimeout(() => {
      this.following = null;
      if (this.isShown) this.reread();
    }, PAUSE_MS);
  }

  /** Something else is wanted: the list begins anew. */
  restart() {
    window.scrollTo({ top: Math.min(window.scrollY, this.filters.node.offsetTop) });
    return this.read(1);
  }

  /** The same again as it is now. */
  reread() {
    return this.read(Math.max(1, this.loras.length));
  }

  /** The first `count` LoRAs of what is wanted, at least. */
  read(count) {
    this.pages = new Pages({ ...this.filters.wish, profile: profileNow() });
    return this.reading(this.pages, [], count);
  }

  /** The end is near: read on. */
  more() {
    const { pages, loras } = this;
    if (pages && !pages.isDone && !pages.isBusy) this.reading(pages, loras, loras.length + 1);
  }

  /** Read until there are `count`, and show them with what was there before. */
  async reading(pages, before, count) {
    pages.isBusy = true;
    try {
      const found = await pages.next(count - before.length);
      if (pages === this.pages) this.show([...before, ...found]);
    } catch (error) {
      const again = { label: "Try again", run: () => this.read(count) };
      if (pages === this.pages) report(error, again);
    } finally {
      pages.isBusy = false;
    }
  }

  watchEnd(signal) {
    const seen = (entries) => entries.some(({ isIntersecting }) => isIntersecting) && this.more();
    const observer = new IntersectionObserver(seen, { rootMargin: `${AHEAD_PX}px` });
    observer.observe(this.end);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  show(loras) {
    for (const lora of loras) lora.id = lora.name;
    this.loras = loras;
    this.list.show(loras, this.fleet);
    const { total, count } = this.pages;
    const of = total === null ? `${number(count)} so far` : loraCount(total);
    write(this.filters.count, of);
    this.renderHead();
    this.renderNone();
    // The end may still be near, and then nothing tells of it again.
    requestAnimationFrame(() => this.isNearEnd && this.more());
  }

  get isNearEnd() {
    return this.isShown && this.end.getBoundingClientRect().top < window.innerHeight + AHEAD_PX;
  }

  renderHead() {
    const online = this.fleet.filter(({ state }) => state !== "offline").length;
    const { total } = this.facets;
    write(this.said, `${loraCount(total)} on ${plural(online, "server")}`);
    write(this.blocked, blocks.count ? `Blocked… ${blocks.count}` : "Blocked…");
  }

  renderNone() {
    const isEmpty = this.facets.total === 0;
    const isNone = this.loras.length === 0;
    for (const node of [this.head, ...this.browser]) flag(node, "hidden", isEmpty);
    flag(this.cards, "hidden", isNone);
    flag(this.none, "hidden", !isNone);
    if (isNone) nothing(this.none, this.fleet, this.facets, this.filters);
  }

  async open(name) {
    try {
      const lora = await readLora(name, profileNow());
      if (lora) openLora(lora, this.fleet);
      else report(new Error(`“${name}” is on no server any more.`));
    } catch (error) {
      report(error);
    }
  }

  /** "/" goes to the search, as on the Studio tab to the prompt. */
  pressed(event) {
    const { key, target } = event;
    if (key !== "/" || event.defaultPrevented || isAsking() || !this.isShown) return;
    if (target.matches("input, textarea, select") || target.isContentEditable) return;
    event.preventDefault();
    this.filters.search.focus();
  }

  /** Arrows go from name to name. */
  walk(event) {
    const by = MOVES[event.key];
    if (!by || !event.target.matches(".v-lora-name")) return;
    const names = [...this.cards.querySelectorAll(".v-lora-name")];
    names[names.indexOf(event.target) + by]?.focus();
    event.preventDefault();
  }
}

customElements.define("vibes-loras", Loras);
