/** LoRAs ranked for a prompt: how well each fits and by what, and which were left out. */
import { h, hint } from "./dom.js";
import { familyName, modelName, percent } from "./format.js";
import { loraCount, number } from "./lora-words.js";

const PARTS = {
  semantic: "meaning",
  keyword: "words",
  popularity: "popularity",
  history: "your picks",
};
const UNKNOWN = {
  semantic: "not known: there is no text encoder to compare meanings with",
  popularity: "not known: nothing says how often it was downloaded",
  history: "not known: you have not judged it yet",
};
/** Names listed of those left out for one reason. */
const NAMED = 40;

/** What POST /api/loras/test answered, as nodes; `onopen` receives a LoRA's name. */
export function answered({ loras, left_out: out, ...read }, onopen) {
  const rows = loras.map((one, index) => row(one, index, onopen));
  const list = h("ol", { class: "v-ranking", "aria-label": "LoRAs for this prompt" }, rows);
  const none = h("p", {}, "None fits: no LoRA would be added to this prompt.");
  return [hint(understood(read)), rows.length ? list : none, leftOut(out)].filter(Boolean);
}

/** What the prompt was read as, for which checkpoint, and by what means. */
function understood({ keywords, family, checkpoint, matcher }) {
  const words = keywords.length ? `Read as ${keywords.join(", ")}` : "No word of it tells a LoRA";
  const where = [familyName(family), checkpoint && modelName(checkpoint)].filter(Boolean);
  const how =
    matcher === "words"
      ? "Matched by words only: no text encoder is there to compare meanings with."
      : `Matched by words and by meaning (text encoder: ${matcher}).`;
  return `${words}, for ${where.join(", ")}. ${how}`;
}

function row(one, index, onopen) {
  const { lora, score, strength, parts, triggers, reason } = one;
  const name = h("button", { type: "button", class: "v-lora-name", title: lora }, modelName(lora));
  name.addEventListener("click", () => onopen(lora));
  const words = triggers.length > 0 && hint(`adds “${triggers.join("”, “")}”`);
  const about = h("div", { class: "v-ranking-why" }, h("p", {}, reason), words);
  const bars = Object.entries(PARTS).map(([key, label]) => part(key, label, parts[key] ?? null));
  return h(
    "li",
    {},
    h("span", { class: "v-hint v-number" }, `${index + 1}`),
    h("div", { class: "v-ranking-name" }, name, hint(`at ${Number(strength.toFixed(2))}`)),
    h("div", { class: "v-ranking-score v-number", title: "How well it fits" }, score.toFixed(2)),
    h("div", { class: "v-ranking-parts" }, bars),
    about,
  );
}

/** One share of the score as a small bar; what is not known is a dash that says why. */
function part(key, label, value) {
  const isKnown = value !== null;
  const said = isKnown ? percent(value) : (UNKNOWN[key] ?? "not known");
  const spoken = { role: "img", "aria-label": `${label}: ${said}` };
  const bar = h("span", { class: isKnown && "v-meter", ...spoken }, isKnown ? h("i") : "–");
  bar.style.setProperty("--share", value ?? 0);
  const name = h("span", { class: "v-hint", "aria-hidden": "true" }, label);
  return h("span", { class: "v-ranking-part", title: `${label}: ${said}` }, name, bar);
}

/** Those left out, under the reason they share. */
function leftOut(out) {
  if (!out.length) return null;
  const reasons = new Map();
  for (const { lora, reason } of out)
    reasons.set(reason, [...(reasons.get(reason) ?? []), modelName(lora)]);
  const rows = [...reasons].map(([reason, names]) =>
    h("li", {}, h("p", {}, reason), hint(listed(names))),
  );
  const count = `${loraCount(out.length)} left out`;
  const summary = h("summary", {}, h("i", { class: "v-chevron" }), count);
  return h("details", { class: "v-more" }, summary, h("ul", { class: "v-ranking-out" }, rows));
}

function listed(names) {
  const more = names.length - NAMED;
  const shown = names.slice(0, NAMED).join(", ");
  return more > 0 ? `${shown} and ${number(more)} more` : shown;
}
