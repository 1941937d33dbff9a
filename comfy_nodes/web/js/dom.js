/** Elements without a framework. Text is always a text node: nothing from data is ever markup. */

/**
 * Build an element. Keys starting with `on` are listeners, `false`/`null` attributes are left out,
 * strings among the children become text.
 */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** A button that never submits a form around it. */
export function button(label, onclick, attributes = {}) {
  return h("button", { type: "button", class: "vibes-button", onclick, ...attributes }, label);
}

/** An input with its label around it. */
export function field(label, type, attributes) {
  const input = h("input", { type, spellcheck: "false", autocomplete: "off", ...attributes });
  return { input, node: h("label", { class: "vibes-field" }, h("span", {}, label), input) };
}

/** One of the editor's own icons; what it means is said by the element around it. */
export const icon = (name) => h("i", { class: `pi pi-${name}`, "aria-hidden": "true" });
