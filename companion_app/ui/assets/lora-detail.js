/** Everything known of one LoRA, in a drawer beside the list. */
import { rateBar } from "./bars.js";
import { compare } from "./compare-sides.js";
import { show } from "./dialog.js";
import { button, h, hint, table } from "./dom.js";
import { modelName } from "./format.js";
import { blockLora, blocks } from "./lora-blocks.js";
import { modelPicture, triggerChips } from "./lora-parts.js";
import { effectsOf, familyWords, lacking, number, sizeWords } from "./lora-words.js";
import { sourceWords, troubles, usageWords } from "./lora-words.js";

/** Open the drawer; `fleet` is every server there is. */
export function openLora(lora, fleet) {
  const spoken = lora.title ?? modelName(lora.name);
  const close = () => dialog.close();
  const leave = button("✕", close, { class: "v-button v-icon", "aria-label": "Close" });
  const dialog = h(
    "dialog",
    { class: "v-drawer v-lora-detail", "aria-label": spoken },
    h("header", {}, h("h2", {}, spoken), leave),
    h(
      "div",
      { class: "v-lora-all" },
      lora.has_preview !== false && modelPicture("lora", lora),
      said(lora),
      triggers(lora),
      usage(lora),
      facts(lora, fleet),
      tags(lora),
    ),
    acts(lora, close),
  );
  show(dialog);
}

function said(lora) {
  const lines = [
    ...troubles(lora).map((text) => h("p", { "data-kind": "bad" }, text)),
    lora.blocked && h("p", {}, lora.blocked),
  ].filter(Boolean);
  return lines.length > 0 && h("div", { class: "v-lora-said" }, lines);
}

function triggers({ triggers: words }) {
  const none = hint("None are known: it works without, or its file does not tell.");
  const chips = h("div", { class: "v-tags" }, triggerChips(words));
  return h("section", {}, h("h3", {}, "Trigger words"), words.length ? chips : none);
}

function usage({ usage: used }) {
  const { total, selection_rate: rate, interval } = used;
  return h(
    "section",
    {},
    h("h3", {}, "Usage"),
    hint(usageWords(used)),
    total > 0 && rateBar(rate, interval, { spoken: "Picked: " }),
  );
}

/** Only what is known; a fact that is not has no line. */
function facts(lora, fleet) {
  const { works, idle } = effectsOf(lora);
  const list = (names) => names.map(modelName).join(", ");
  const known = {
    File: lora.name,
    "Made for": `${familyWords(lora)}. ${sourceWords(lora)}`,
    Servers: lora.servers.join(", ") || "none now",
    "Missing on": lacking(lora, fleet)
      .map(({ name }) => name)
      .join(", "),
    "Works with": list(works),
    "Changes nothing beside": list(idle),
    "Maker's strength": lora.recommended_strength?.toString(),
    Downloads: lora.popularity && number(lora.popularity),
    Size: sizeWords(lora.size),
    Rank: lora.rank?.toString(),
    "Also named": lora.aliases.join(", "),
    "SHA-256": lora.sha256,
  };
  const rows = Object.entries(known).filter(([, value]) => value);
  return h(
    "dl",
    {},
    rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
}

function tags({ tags: names, tag_counts: counts }) {
  if (!names.length) return false;
  const rows = names.map((name, index) => {
    const count = counts[index] ? number(counts[index]) : "";
    return h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "v-number" }, count));
  });
  const title = h("h3", {}, "What its training pictures show");
  return h("section", { class: "v-lora-tags" }, title, table(["tag", "pictures"], rows));
}

function acts(lora, close) {
  const then = (act) => () => (close(), act());
  const isBlocked = blocks.has(lora.name);
  return h(
    "div",
    { class: "v-actions" },
    button(
      isBlocked ? "Unblock" : "Block",
      then(() => blockLora(lora.name, !isBlocked)),
    ),
    button(
      "Compare",
      then(() => compare.add(lora)),
    ),
  );
}
