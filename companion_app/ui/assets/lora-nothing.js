/** What is said where no LoRA is shown: why, and the way out. */
import { button, h } from "./dom.js";
import { countOf } from "./lora-pages.js";
import { loraCount } from "./lora-words.js";
import { showTab } from "./tabs.js";

const NO_SERVER =
  "LoRAs lie on the machines that make the pictures. Add a ComfyUI server, and everything in its " +
  "models/loras folder appears here.";
const NO_LORA =
  "Put LoRA files into the models/loras folder of a ComfyUI server. The studio looks again every " +
  "few minutes and finds out what each is made for and which words it listens to.";
const AND = new Intl.ListFormat("en");

/** Fill `node` for a list that is empty. */
export function nothing(node, fleet, facets, filters) {
  if (!fleet.length) return say(node, "No server yet", NO_SERVER, [toServers("Add a server")]);
  if (!facets.total) return say(node, "No LoRA yet", NO_LORA, [toServers("See the servers")]);
  const { active } = filters;
  const told = `No LoRA is found for ${AND.format(active.map(([, spoken]) => spoken))}.`;
  const drops =
    active.length > 1 ? active.map(([name, spoken]) => drop(filters, name, spoken)) : [];
  const clear = button("Show all", () => filters.clear());
  return say(node, "Nothing found", told, [...drops, clear]);
}

function say(node, title, text, acts) {
  const row = h("div", { class: "v-actions" }, acts);
  node.replaceChildren(h("h2", {}, title), h("p", {}, text), row);
}

const toServers = (label) => button(label, () => showTab("Servers"), { "data-kind": "primary" });

/** A filter to drop, with what there would be without it; gone where that is nothing either. */
function drop(filters, name, spoken) {
  const without = { [name]: name === "query" ? "" : null };
  const node = button(`Without ${spoken}`, () => filters.want(without));
  if (!filters.wish.state || name === "state")
    countOf({ ...filters.wish, ...without }).then(
      (count) =>
        count ? (node.textContent = `Without ${spoken}: ${loraCount(count)}`) : node.remove(),
      () => null, // the button works without the number
    );
  return node;
}
