/** Embeddings that would suit the prompt; a click puts one into it, another takes it out. */
import { button, h } from "./dom.js";
import { modelName } from "./format.js";

const WHERE = { prompt: "prompt", negative: "negative prompt" };

/** Nothing where none would suit. */
export function embeddings(proposal) {
  const { embeddings: suggested } = proposal.plan;
  if (!suggested.length) return null;
  const label = h("span", { class: "v-hint" }, "Embeddings you could add:");
  return h("div", { class: "v-pills v-embeddings" }, label, suggested.map((one) => chip(one, proposal)));
}

function chip(one, proposal) {
  const name = `${modelName(one.embedding)} · ${WHERE[one.where]}`;
  const node = button(name, () => show(node, proposal.toggle(one)), {
    class: "v-button v-pill",
    title: one.reason,
  });
  show(node, proposal.has(one));
  return node;
}

function show(node, on) {
  node.setAttribute("aria-pressed", String(on));
}
