/** What the studio read in the prompt. */
import { h } from "./dom.js";
import { percent } from "./format.js";

/** Style, content, quality, complexity with its parts, and the concepts it found. */
export function understood({ style, content, quality, complexity, concepts }) {
  const facts = [
    ["Style", style ?? "not said"],
    ["Content", content ?? "not said"],
    ["Quality", quality],
  ].map(([label, value]) => fact(label, h("strong", {}, words(value))));
  const chips = Object.entries(concepts).map(([category, found]) => concept(category, found));
  return h(
    "section",
    { class: "v-panel v-understood", "aria-label": "What was understood" },
    h("div", { class: "v-understood-facts" }, facts, fact("Complexity", ...degree(complexity))),
    chips.length > 0 && h("div", { class: "v-pills" }, chips),
  );
}

const words = (name) => name.replaceAll("_", " ");

function fact(label, ...value) {
  return h("div", { class: "v-fact" }, h("span", { class: "v-hint" }, label), ...value);
}

/** "moderate", and as thin bars what it is made of. */
function degree({ score, level, parts }) {
  const bars = Object.entries(parts).map(([name, share]) => {
    const bar = h("span", { class: "v-meter" }, h("i", { style: `--share: ${share}` }));
    const said = `${words(name)} ${percent(share)}`;
    return h("span", { class: "v-degree" }, h("span", {}, said), bar);
  });
  return [h("strong", {}, `${level}, ${percent(score)}`), h("span", { class: "v-degrees" }, bars)];
}

function concept(category, found) {
  const label = h("span", { class: "v-hint" }, words(category));
  return h("span", { class: "v-concept" }, label, ` ${found.join(", ")}`);
}
