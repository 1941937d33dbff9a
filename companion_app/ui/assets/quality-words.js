/** What the Quality tab says before it shows anything. */
import { h } from "./dom.js";
import { plural } from "./format.js";
import { percentOf } from "./score-words.js";

const TEACHING =
  "Every picture made from now on is looked at beside the making, and this page tells how well it " +
  "shows what its prompt asked: per word, per variation, with the ten worst and a bin for what " +
  "failed. “Score what has no score” looks at those made before.";
const LABELLING =
  "Look closely at a picture (Z), open Match (S), and say of each thing asked whether it shows it";

/** The first sentences: how many pictures show what was asked, and by what that is told. */
export function said(overview, state) {
  const { calibrated, scored, success, average, flagged, basis } = overview;
  const count = success ?? null;
  const lead =
    calibrated && count !== null
      ? `${count} of ${plural(scored, "picture")} show what was asked, by your labels.`
      : `${plural(scored, "picture")} ranked by what they show. Percentages come with your labels.`;
  const more = calibrated
    ? [average !== null && `On average ${percentOf(average)}.`, flagged > 0 && `${flagged} flagged.`]
    : [];
  const lines = [[...more, basis].filter(Boolean).join(" "), !calibrated && labels(state)];
  const rest = lines.filter(Boolean).map((line) => h("p", {}, line));
  return h("section", { class: "v-said" }, h("p", {}, lead), rest, trouble(state));
}

function labels(state) {
  const left = Math.max(1, state?.labels.needed ?? 0);
  return `${LABELLING}: ${plural(left, "more label")} to go.`;
}

/** Nothing more is scored, and why; null while all is well. */
function trouble(state) {
  if (!["unavailable", "failed", "off"].includes(state?.state)) return null;
  return h("p", { class: "v-scoring-trouble" }, ...withCommands(state.detail));
}

/** What is said while there is no score at all. */
export function empty(state) {
  const isMissing = ["unavailable", "failed", "off"].includes(state?.state);
  const title = isMissing ? "Pictures are not scored yet" : "The first scores will show here";
  const about = isMissing && h("p", {}, "Everything else works without it.");
  const text = h("p", {}, ...(isMissing ? withCommands(state.detail) : [TEACHING]));
  return h("section", { class: "v-empty" }, h("h2", {}, title), text, about);
}

/** A sentence, with what is to be typed somewhere set apart. */
function withCommands(sentence) {
  return sentence
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? h("code", {}, part.slice(1, -1)) : part));
}
