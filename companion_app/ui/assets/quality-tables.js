/** Success per word and per variation, sessions, and grids below the threshold. */
import { rateBar } from "./bars.js";
import { button, h, hint, table } from "./dom.js";
import { percent, plural } from "./format.js";
import { report } from "./notice.js";
import { percentOf } from "./score-words.js";
import { openGrid } from "./studio.js";
import { showTab } from "./tabs.js";

/** So many rows are seen at once; the others unfold. */
const SHOWN = 8;
const AVERAGE = { class: "v-number", "data-label": "on average" };

/** Success rates with their intervals; what has nothing to tell is left out. */
export function rates({ keywords, variations, calibrated }) {
  const words = keywords.map((row) => ({ ...row, name: row.keyword }));
  const varied = variations.map((row) => ({ ...row, name: `${row.slot}: ${row.value}` }));
  return [
    words.length > 0 && panel("Words", words, calibrated),
    varied.length > 0 && panel("Variations", varied, calibrated),
  ];
}

function panel(title, rows, calibrated) {
  const what = calibrated ? "show it" : "seen, not something else";
  return section(title, ["", what, "likely range (0 to 100 %)"], rows.map(line));
}

/** A table of which the first rows are seen; `none` is said where it has none. */
function section(title, columns, rows, none) {
  const [shown, rest] = [rows.slice(0, SHOWN), rows.slice(SHOWN)];
  return h(
    "section",
    { class: "v-panel v-success" },
    h("h3", {}, title),
    rows.length ? table(columns, shown) : hint(none),
    rest.length > 0 && folded(`${rest.length} more`, table(columns, rest)),
  );
}

function folded(label, content) {
  const summary = h("summary", {}, h("i", { class: "v-chevron" }), label);
  return h("details", { class: "v-more" }, summary, content);
}

function line({ name, success, total, rate, interval }) {
  const bar = rateBar(rate, interval, { spoken: `${name}: ` });
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("span", { class: "v-cut", title: name }, name)),
    h("td", { class: "v-number" }, `${success} of ${total}`),
    h(
      "td",
      {},
      h("div", { class: "v-rate-cell" }, bar, h("span", { class: "v-number" }, percent(rate))),
    ),
  );
}

/** How each session does. */
export function sessions({ sessions: all }) {
  const rows = all.map(({ name, average, scored, complete }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, h("span", { class: "v-cut", title: name }, name)),
      h("td", { class: "v-number", "data-label": "scored" }, plural(scored, "picture")),
      h("td", AVERAGE, average === null ? "–" : percentOf(average)),
      h("td", { class: "v-certainty" }, complete ? "✓ complete" : ""),
    ),
  );
  const columns = ["", "scored", "on average", ""];
  return section("Sessions", columns, rows, "No session has a score yet.");
}

/** Grids that do not show what was asked, each with the way to it. */
export function belowThreshold({ grids, calibrated }) {
  const none = calibrated
    ? "None: every grid is above the threshold."
    : "Told as soon as there are percentages.";
  const rows = grids.map((grid) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, h("span", { class: "v-cut", title: grid.prompt }, grid.prompt)),
      h("td", AVERAGE, grid.average === null ? "–" : percentOf(grid.average)),
      h("td", { class: "v-row-act" }, button("Open", () => visit(grid), { "data-quiet": true })),
    ),
  );
  return section("Grids below the threshold", ["", "on average", ""], rows, none);
}

/** Show a grid in the Studio. */
export async function visit({ batch_id: id, session_id: session }) {
  try {
    await openGrid({ id, session_id: session });
    showTab("Studio");
  } catch (error) {
    report(error);
  }
}
