/** What of the LoRAs is shown: words, family, tag, and those that are blocked or faulty. */
import { button, flag, h, menu } from "./dom.js";
import { familyLabel, number } from "./lora-words.js";

const PAUSE_MS = 200;
/** Tags shown as chips; the menu beside them has the rest. */
const TAGS = 10;
const OTHER = "other tags";
const STATES = { blocked: "Blocked", faulty: "With a fault" };
const NONE = { query: "", family: null, tag: null, state: null };

export class LoraFilters {
  wish = { ...NONE };

  /** `onchange` is called when something else is wanted. */
  constructor(onchange) {
    this.onchange = onchange;
    this.search = h("input", { type: "search", placeholder: "Name, trigger word or tag" });
    Object.assign(this.search, { autocomplete: "off", spellcheck: false });
    this.search.setAttribute("aria-label", "Search LoRAs");
    this.search.setAttribute("aria-keyshortcuts", "/");
    this.search.addEventListener("input", () => this.typed());
    this.families = group("Family");
    this.tags = group("Tag");
    this.states = group("Only");
    this.count = h("span", { class: "v-hint v-number v-found-count", role: "status" });
    this.node = h(
      "section",
      { class: "v-lora-filters", "aria-label": "Filter" },
      h("div", { class: "v-lora-search" }, this.search, this.count),
      ...[this.families, this.states, this.tags].map(({ node }) => node),
    );
  }

  /** Searching waits until the typing pauses. */
  typed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.want({ query: this.search.value.trim() }), PAUSE_MS);
  }

  /** Change some of the wish and show what comes of it. */
  want(change) {
    Object.assign(this.wish, change);
    if ("query" in change && this.search.value.trim() !== change.query)
      this.search.value = change.query;
    this.render();
    this.onchange();
  }

  clear() {
    this.want(NONE);
  }

  /** Everything that narrows the list now, as [name, spoken]. */
  get active() {
    const { query, family, tag, state } = this.wish;
    return [
      query && ["query", `“${query}”`],
      family && ["family", familyLabel(family)],
      tag && ["tag", `the tag ${tag}`],
      state && ["state", `“${STATES[state]}”`],
    ].filter(Boolean);
  }

  /** What there is to filter by, from /api/loras/facets. */
  offer({ families, tags }) {
    this.facets = { families: Object.entries(families), tags };
    this.render();
  }

  render() {
    const { families, tags } = this.facets;
    this.families.fill(
      families.map(([name, count]) => this.chip("family", name, familyLabel(name), count)),
    );
    const chosen = tags.findIndex(([name]) => name === this.wish.tag);
    const first = tags.filter((_, index) => index < TAGS || index === chosen);
    const rest = tags.filter((tag) => !first.includes(tag)).map(([name]) => name);
    const others = menu([OTHER, ...rest], (tag) => this.want({ tag }), {
      "aria-label": "Other tags",
    });
    const chips = first.map(([name, count]) => this.chip("tag", name, name, count));
    this.tags.fill([...chips, rest.length > 0 && others]);
    this.states.fill(
      Object.entries(STATES).map(([name, label]) => this.chip("state", name, label)),
    );
  }

  chip(key, value, label, count = null) {
    const isOn = this.wish[key] === value;
    const text = [label, count !== null && h("span", { class: "v-number" }, number(count))];
    const flip = () => this.want({ [key]: isOn ? null : value });
    const node = button(h("span", {}, text.filter(Boolean)), flip, {
      class: "v-button v-tag v-tag-filter",
    });
    flag(node, "aria-pressed", String(isOn));
    node.dataset.chip = `${key}:${value}`;
    return node;
  }
}

/** A row of chips with a name; the focus stays on the chip it is on. */
function group(label) {
  const node = h("div", { class: "v-tags", role: "group", "aria-label": label });
  const fill = (chips) => {
    const focused = node.contains(document.activeElement) && document.activeElement.dataset.chip;
    node.replaceChildren(...chips.filter(Boolean));
    if (focused) node.querySelector(`[data-chip="${CSS.escape(focused)}"]`)?.focus();
    flag(node, "hidden", node.childElementCount === 0);
  };
  return { node, fill };
}
