/** The models shown most, each with what is believed of it; and which profiles learn. */
import { put } from "./api.js";
import { rateBar, scaleFor } from "./bars.js";
import { button, h, hint, table } from "./dom.js";
import { modelName, percent } from "./format.js";
import { report } from "./notice.js";

const TITLES = { checkpoint: "Checkpoints", lora: "LoRAs" };

/** A table of each kind that was shown; `onforget` receives {kind, name}. */
export function models(tables, onforget) {
  const filled = Object.entries(tables).filter(([, rows]) => rows.length > 0);
  const panels = filled.map(([kind, rows]) => panel(kind, rows, onforget));
  return h("div", { class: "v-tables" }, ...panels);
}

function panel(kind, rows, onforget) {
  const most = scaleFor(rows.map(({ interval }) => interval));
  const columns = ["", "picked", `you would pick, likely range (0 to ${percent(most)})`, "", ""];
  const lines = rows.map((row) => line(row, most, () => onforget({ kind, name: row.parts[0] })));
  return h("section", { class: "v-panel" }, h("h3", {}, TITLES[kind]), table(columns, lines));
}

function line(row, most, onforget) {
  const [name] = row.parts;
  const forget = button("✕", onforget, {
    class: "v-button v-icon",
    "data-quiet": true,
    "aria-label": `Forget ${modelName(name)}…`,
    title: "Forget…",
  });
  const bar = rateBar(row.rate, row.interval, { most, sure: row.sure });
  const rate = h("span", { class: "v-number" }, percent(row.rate));
  return h(
    "tr",
    { title: row.sentence },
    h("th", { scope: "row", title: name }, modelName(name)),
    h("td", { class: "v-number" }, `${row.selected} of ${row.total}`),
    h("td", {}, h("div", { class: "v-rate-cell" }, bar, rate)),
    h("td", { class: "v-certainty" }, row.confidence),
    h("td", { class: "v-row-act" }, forget),
  );
}

/** A switch for every profile. */
export function learners(profiles) {
  const rows = profiles.map(({ name, learning }) => {
    const box = h("input", {
      type: "checkbox",
      role: "switch",
      checked: learning,
      onchange: ({ target }) => setLearning(name, target),
    });
    return h("li", {}, h("label", { class: "v-switch" }, box, h("span", {}, name)));
  });
  return h(
    "section",
    { class: "v-panel" },
    h("h3", {}, "Profiles that learn"),
    hint("Switched off, a profile's picks steer its own session and teach nothing."),
    h("ul", { class: "v-profiles" }, ...rows),
  );
}

async function setLearning(name, box) {
  try {
    await put(`/api/profiles/${encodeURIComponent(name)}`, { learning: box.checked });
  } catch (error) {
    box.checked = !box.checked;
    report(error);
  }
}
