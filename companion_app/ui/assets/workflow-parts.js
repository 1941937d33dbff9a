/** What the card of a workflow and a workflow that is brought are made of. */
import { h } from "./dom.js";
import { filled, kept, list, needsWords, whereItRuns } from "./workflow-words.js";

/** What the studio fills in as chips, and what it leaves alone. */
export function slotParts(workflow) {
  const chips = filled(workflow).map((word) => h("li", {}, word));
  const rest = kept(workflow);
  return [
    h("ul", { class: "v-slots", "aria-label": "The studio fills in" }, chips),
    rest.length > 0 && h("p", { class: "v-hint" }, `As the workflow has it: ${list(rest)}.`),
  ].filter(Boolean);
}

/** Which servers can run it, and what the others lack. */
export function serverParts(workflow) {
  const lines = whereItRuns(workflow).map(({ kind, text }) =>
    h("li", { "data-kind": kind }, text),
  );
  return h("ul", { class: "v-where", "aria-label": "Servers" }, lines);
}

/** The node classes and files it needs, folded. */
export function needs(workflow) {
  const names = [...workflow.models, ...workflow.nodes].map((name) => h("li", {}, name));
  return h(
    "details",
    { class: "v-more" },
    h("summary", {}, h("i", { class: "v-chevron" }), needsWords(workflow)),
    h("ul", { class: "v-needs" }, names),
  );
}
