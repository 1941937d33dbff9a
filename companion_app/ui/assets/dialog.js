/** Small modal questions on the browser's own <dialog>. */
import { button, h } from "./dom.js";

/**
 * Ask; resolves to the form's values as an object, or null when dismissed.
 * `danger` marks a choice that cannot be undone; `dismiss` is what the way out is called.
 */
export function ask({ title, body = [], confirm, dismiss = "Cancel", danger = false }) {
  return new Promise((resolve) => {
    const cancel = button(dismiss, () => dialog.close());
    const go = h(
      "button",
      { type: "submit", class: "v-button", "data-kind": danger ? "danger" : "primary" },
      confirm,
    );
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", {}, title),
      ...body,
      h("div", { class: "v-actions" }, cancel, go),
    );
    const dialog = h("dialog", { class: "v-dialog", "aria-label": title }, form);
    let answer = null;
    form.addEventListener("submit", () => (answer = Object.fromEntries(new FormData(form))));
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    show(dialog, () => resolve(answer));
  });
}

/** Open a dialog, give the focus back and remove it when it closes. */
export function show(dialog, onclose = () => {}) {
  const before = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.focus?.({ preventScroll: true });
    onclose();
  });
  // The second click of a double click lands on the backdrop of what the first one opened.
  const away = ({ target, detail }) => target === dialog && detail < 2 && dialog.close();
  dialog.addEventListener("click", away);
  document.body.append(dialog);
  dialog.showModal();
}

/** A labelled field for `ask`. */
export function field(label, input) {
  return h("label", { class: "v-field" }, h("span", {}, label), input);
}

/** A dialog is open: the page's own keys are silent. */
export const isAsking = () => document.querySelector("dialog[open]") !== null;
