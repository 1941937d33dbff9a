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
  node.append(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
  return node;
}

/** A button that never submits a form around it. */
export function button(label, onclick, attributes = {}) {
  return h("button", { type: "button", class: "v-button", onclick, ...attributes }, label);
}

/** A click on a button that then means the reverse: the second of a double click does nothing. */
export const once =
  (act) =>
  ({ detail }) =>
    detail < 2 ? act() : undefined;

/** A quiet line of explanation. */
export const hint = (text) => h("p", { class: "v-hint" }, text);

/** A table of rows below the names of its columns. */
export function table(columns, rows) {
  const names = columns.map((text) => h("th", { scope: "col" }, text));
  return h("table", {}, h("thead", {}, h("tr", {}, names)), h("tbody", {}, rows));
}

/** A menu of names; `onchange` receives the chosen one. */
export function menu(names, onchange, attributes = {}) {
  const options = names.map((name) => h("option", {}, name));
  const chosen = ({ target }) => onchange(target.value);
  return h("select", { class: "v-select", onchange: chosen, ...attributes }, options);
}

/** Set an attribute, or remove it when `value` is false or null. */
export function flag(node, name, value) {
  if (value === false || value === null || value === undefined) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : value);
}

/** Set the text of a node, touching it only when it differs. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A custom element whose listeners live exactly as long as it is on the page. */
export class LiveElement extends HTMLElement {
  connectedCallback() {
    this.lifetime = new AbortController();
    this.connect(this.lifetime.signal);
  }

  disconnectedCallback() {
    this.lifetime.abort();
  }

  /** It can be seen: its tab is open and the window is not hidden. */
  get isShown() {
    return this.offsetParent !== null && !document.hidden;
  }

  /** Call `run` every `ms` while the element can be seen. */
  every(ms, run) {
    const timer = setInterval(() => this.isShown && run(), ms);
    this.lifetime.signal.addEventListener("abort", () => clearInterval(timer));
  }

  /** Call `run` each time the element becomes visible, as when its tab is opened. */
  whenShown(run) {
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) run();
    });
    observer.observe(this);
    this.lifetime.signal.addEventListener("abort", () => observer.disconnect());
  }
}
