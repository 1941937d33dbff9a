/** What moved lately, what learning is worth, and which styles a profile leans to. */
import { leanBar, rateBar, scaleFor } from "./bars.js";
import { h, hint } from "./dom.js";

const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const NO_CHANGE = "Nothing has moved: the next grids will show here.";
const NO_STYLE =
  "Nothing to tell yet: words such as “photo” or “anime” in your prompts, and models of both " +
  "kinds, show where you lean.";

/** The pairings whose pick rate the last grids moved most. */
export function changes({ grids, changes: moved }) {
  const since = grids.length ? `In the last ${grids.length} grids, since ${day(grids[0].time)}` : "";
  const most = scaleFor(moved.map(({ now }) => now.interval));
  const rows = moved.map((change) => {
    const rose = change.shift > 0;
    const { rate, interval, sure } = change.now;
    return h(
      "li",
      {},
      h("span", { class: "v-arrow", "data-rose": String(rose), "aria-hidden": "true" }, rose ? "▲" : "▼"),
      h("span", {}, change.sentence),
      h("time", { datetime: change.last, title: "last shown" }, day(change.last)),
      rateBar(rate, interval, { spoken: "now ", most, sure }),
    );
  });
  return h(
    "section",
    { class: "v-panel" },
    h("h3", {}, "What changed lately"),
    hint(since),
    rows.length ? h("ul", { class: "v-changes" }, ...rows) : hint(NO_CHANGE),
  );
}

/** Picks of what the studio chose beside picks of what it drew at random. */
export function effect({ sentence, chosen, probes }) {
  const bars = [
    ["chosen", chosen],
    ["at random", probes],
  ].filter(([, rate]) => rate);
  const most = scaleFor(bars.map(([, { interval }]) => interval));
  const rows = bars.map(([name, { rate, interval, selected, total }]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      h("td", {}, rateBar(rate, interval, { spoken: `${name}: `, most })),
      h("td", { class: "v-number" }, `${selected} of ${total}`),
    ),
  );
  return h(
    "section",
    { class: "v-panel v-worth" },
    h("h3", {}, "Is the learning worth it?"),
    h("p", {}, sentence),
    rows.length > 0 && h("table", { class: "v-duo" }, h("tbody", {}, ...rows)),
  );
}

/** Two-sided bars: what prompts ask for, and what is picked. */
export function styles({ axes }) {
  const rows = axes.map(({ left, right, asked, picked, sentence }) =>
    h(
      "li",
      {},
      h("span", { class: "v-side" }, left),
      h("div", { class: "v-leans" }, lean("asked", asked), lean("picked", picked)),
      h("span", { class: "v-side" }, right),
      hint(sentence),
    ),
  );
  return h(
    "section",
    { class: "v-panel" },
    h("h3", {}, "Styles you lean to"),
    hint("From the words of your prompts, and from names and tags of what you pick."),
    rows.length
      ? [h("ul", { class: "v-styles" }, ...rows), key()]
      : hint(NO_STYLE),
  );
}

function lean(kind, known) {
  const bar = known
    ? leanBar(known.balance, known.interval, kind)
    : h("div", { class: "v-lean", "aria-hidden": "true" });
  bar.dataset.of = kind;
  return bar;
}

function key() {
  const line = (kind, text) => h("span", {}, h("i", { "data-of": kind }), text);
  return h("div", { class: "v-legend" }, line("asked", "asked for"), line("picked", "picked"));
}

const day = (time) => DAY.format(new Date(time));
