/** The block list: tags and families blocked as a whole, and every single LoRA, each with its ×. */
import { show } from "./dialog.js";
import { button, h, hint } from "./dom.js";
import { modelName } from "./format.js";
import { blocks } from "./lora-blocks.js";
import { familyLabel } from "./lora-words.js";

const ABOUT = "What is blocked is never chosen by itself. In a prompt or by hand it still works.";
const GROUPS = [
  { list: "tags", title: "Tags", spoken: (name) => name },
  { list: "families", title: "Families", spoken: familyLabel },
  { list: "loras", title: "Single LoRAs", spoken: modelName },
];

/** Open the drawer; `facets` are the families and tags there are. */
export function openBlocked(facets) {
  const lifetime = new AbortController();
  const close = button("✕", () => dialog.close(), {
    class: "v-button v-icon",
    "aria-label": "Close",
  });
  const trouble = h("p", { class: "v-trouble", role: "alert" });
  const set = async (list, name, blocked) => {
    trouble.textContent = "";
    await blocks.set(list, name, blocked).catch(({ message }) => (trouble.textContent = message));
  };
  const lists = GROUPS.map((group) =>
    section(group, set, lifetime.signal, adder(group.list, facets, set)),
  );
  const dialog = h(
    "dialog",
    { class: "v-drawer v-blocked", "aria-label": "Blocked" },
    h("header", {}, h("h2", {}, "Blocked"), close),
    hint(ABOUT),
    trouble,
    ...lists,
  );
  show(dialog, () => lifetime.abort());
}

function section({ list, title, spoken }, set, signal, form) {
  const chips = h("ul", { class: "v-tags", "aria-label": title });
  const none = hint(list === "loras" ? "None: Block on a LoRA's card adds it here." : "None.");
  const node = h("section", {}, h("h3", {}, title), chips, none, form);
  const render = () => {
    const names = blocks.lists[list];
    chips.replaceChildren(
      ...names.map((name) => chip(name, spoken(name), () => set(list, name, false))),
    );
    none.hidden = names.length > 0;
  };
  blocks.watch(["change"], render, signal);
  return node;
}

function chip(name, spoken, drop) {
  const attributes = { class: "v-tag-drop", "aria-label": `Unblock ${spoken}`, title: "Unblock" };
  const text = h("span", { class: "v-cut" }, spoken);
  return h("li", { class: "v-tag", title: name }, text, button("✕", drop, attributes));
}

/** A form that adds to one of the lists; single LoRAs are blocked where they are shown. */
function adder(list, { tags, families }, set) {
  if (list === "loras") return null;
  const offers = list === "tags" ? tags.map(([name]) => name) : Object.keys(families);
  const known = h(
    "datalist",
    { id: `vibes-block-${list}` },
    offers.map((value) => h("option", { value })),
  );
  const label = list === "tags" ? "Tag to block" : "Family to block";
  const input = h("input", { list: known.id, autocomplete: "off", "aria-label": label });
  input.placeholder = list === "tags" ? "a tag, as in anime" : "a family, as in sd15";
  const go = h("button", { type: "submit", class: "v-button" }, "Block");
  const form = h("form", { class: "v-block-form" }, input, known, go);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = input.value.trim();
    if (!name) return input.focus();
    form.reset();
    return set(list, name, true);
  });
  return form;
}
