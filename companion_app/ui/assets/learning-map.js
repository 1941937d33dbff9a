/** Heat maps: how well every word does with every model. Arrow keys walk through the cells. */
import { button, flag, h, hint, write } from "./dom.js";

const TITLES = {
  keyword_checkpoint: "Words and checkpoints",
  keyword_lora: "Words and LoRAs",
  checkpoint_lora: "LoRAs and checkpoints",
};
const NAMES = { keyword: "words", checkpoint: "checkpoints", lora: "LoRAs" };
const HELP = "Choose a cell, with a click or the arrow keys, to read what is known of it.";
/** Logits beside the usual at which the colour is full: odds of 1 : 3 and 3 : 1. */
const FULL = 1.1;
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** The three maps, one on top: they share their place, so that a change of map moves nothing. */
export class Maps {
  /** `onforget` receives what to forget, as {kind, name}. */
  constructor(onforget) {
    this.onforget = onforget;
    this.kind = Object.keys(TITLES)[0];
    this.choices = Object.entries(TITLES).map(([kind, title]) =>
      button(title, () => this.choose(kind), { "data-quiet": true, "data-kind-of-map": kind }),
    );
    this.title = h("h3");
    this.place = h("div", { class: "v-maps" });
    this.text = h("p", { "aria-live": "polite" });
    this.acts = h("div", { class: "v-map-acts" });
    const said = h("div", { class: "v-map-said" }, this.text, this.acts);
    const side = h("div", { class: "v-map-side" }, said, legend());
    this.node = h(
      "section",
      { class: "v-panel v-map-panel" },
      this.title,
      h("div", { class: "v-segments", role: "group", "aria-label": "Map" }, ...this.choices),
      h("div", { class: "v-map-floor" }, this.place, side),
    );
  }

  show(maps) {
    this.grids = Object.fromEntries(
      maps.map((map) => [map.kind, new MapGrid(map, (cell) => this.tell(cell))]),
    );
    this.place.replaceChildren(...Object.values(this.grids).map(({ node }) => node));
    this.choose(this.kind);
  }

  choose(kind) {
    this.kind = kind;
    write(this.title, TITLES[kind]);
    for (const choice of this.choices)
      flag(choice, "aria-pressed", String(choice.dataset.kindOfMap === kind));
    for (const [name, { node }] of Object.entries(this.grids)) flag(node, "data-off", name !== kind);
    this.tell(null);
  }

  tell(cell) {
    write(this.text, cell ? cell.sentence : HELP);
    const acts = (cell?.parts ?? []).map(({ what, name, label }) =>
      button(`Forget ${what === "keyword" ? `“${label}”` : label}…`, () =>
        this.onforget({ kind: what, name }),
      ),
    );
    this.acts.replaceChildren(...acts);
  }
}

/** One map as a grid of cells, one of which can be reached by Tab. */
class MapGrid {
  constructor(map, ontell) {
    Object.assign(this, { map, ontell });
    const { rows, columns } = map;
    const corner = h("th", { scope: "col", role: "columnheader", class: "v-corner" }, NAMES[rows.what]);
    const heads = columns.items.map(({ label, name }) =>
      h("th", { scope: "col", role: "columnheader", title: name }, h("span", {}, label)),
    );
    this.cells = rows.items.map((_, row) => columns.items.map((_, column) => this.cell(row, column)));
    const lines = rows.items.map(({ label, name }, row) => {
      const head = h("th", { scope: "row", role: "rowheader", title: name }, label);
      return h("tr", {}, head, ...this.cells[row]);
    });
    const body = [h("thead", {}, h("tr", {}, corner, ...heads)), h("tbody", {}, ...lines)];
    const table = h("table", { class: "v-map", role: "grid", "aria-label": TITLES[map.kind] }, body);
    table.addEventListener("keydown", (event) => this.pressed(event));
    this.node = h("div", { class: "v-map-window" }, rows.items.length ? table : hint(nothing(map)));
    if (this.cells[0]?.[0]) this.cells[0][0].tabIndex = 0;
  }

  cell(row, column) {
    const known = this.map.cells[row][column];
    const sentence = known?.sentence ?? this.unknown(row, column);
    const node = h(
      "td",
      { role: "gridcell", tabindex: "-1", "aria-label": sentence, title: sentence },
      known && String(Math.round(known.rate * 100)),
    );
    node.addEventListener("focus", () => this.focused(row, column));
    node.addEventListener("click", () => node.focus());
    if (!known) return node;
    flag(node, "data-sign", known.effect > 0 ? "more" : "less");
    flag(node, "data-sure", known.sure);
    node.style.setProperty("--amount", Math.min(Math.abs(known.effect) / FULL, 1).toFixed(3));
    return node;
  }

  unknown(row, column) {
    const { rows, columns } = this.map;
    return `${rows.items[row].label} and ${columns.items[column].label}: not shown together yet.`;
  }

  focused(row, column) {
    for (const line of this.cells) for (const cell of line) cell.tabIndex = -1;
    this.cells[row][column].tabIndex = 0;
    const { rows, columns } = this.map;
    this.ontell({
      sentence: this.cells[row][column].getAttribute("aria-label"),
      parts: [
        { what: rows.what, ...rows.items[row] },
        { what: columns.what, ...columns.items[column] },
      ],
    });
  }

  pressed(event) {
    const to = this.target(event);
    if (!to) return;
    event.preventDefault();
    this.cells[to[0]]?.[to[1]]?.focus();
  }

  /** Row and column a key leads to; null where it leads nowhere. */
  target({ key, ctrlKey, target }) {
    const row = this.cells.findIndex((line) => line.includes(target));
    if (row < 0) return null;
    const column = this.cells[row].indexOf(target);
    const [lastRow, lastColumn] = [this.cells.length - 1, this.cells[0].length - 1];
    if (key === "Home") return [ctrlKey ? 0 : row, 0];
    if (key === "End") return [ctrlKey ? lastRow : row, lastColumn];
    if (!MOVES[key]) return null;
    const [down, right] = MOVES[key];
    const within = (value, last) => Math.min(Math.max(value, 0), last);
    return [within(row + down, lastRow), within(column + right, lastColumn)];
  }
}

function nothing({ rows, columns }) {
  const lacks = [rows, columns].find(({ items }) => items.length === 0).what;
  return `No grid with ${NAMES[lacks]} was judged yet.`;
}

function legend() {
  const steps = [-1, -0.5, 0, 0.5, 1].map((value) => {
    const step = h("i", { "data-sign": value < 0 ? "less" : "more", "data-sure": "" });
    step.style.setProperty("--amount", Math.abs(value));
    return step;
  });
  const unsure = h("i", { "data-sign": "more" });
  unsure.style.setProperty("--amount", 0.6);
  const swatch = (node, text) => h("span", {}, node, text);
  return h(
    "div",
    { class: "v-legend" },
    h("span", {}, "picked less than usual ", h("span", { class: "v-scale" }, ...steps), " more"),
    swatch(h("i", { "data-sign": "more", "data-sure": "", style: "--amount: 0.6" }), "High confidence"),
    swatch(unsure, "Exploring"),
    swatch(h("i"), "not shown together"),
    h("span", {}, "Numbers: % of such pictures you would pick"),
  );
}
