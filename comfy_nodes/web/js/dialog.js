/** A pop-up over the editor, which hears and sees nothing of what happens in it. */
import { button, h, icon } from "./dom.js";

/** Open one with these parts; closing gives the focus back. */
export function openDialog(t, title, ...parts) {
  const close = button(icon("times"), () => node.close(), {
    class: "vibes-close",
    "aria-label": t("dialog.close"),
  });
  const head = h("header", {}, h("h2", { id: "vibes-title" }, title), close);
  const attributes = { class: "vibes-dialog", "aria-labelledby": "vibes-title" };
  const node = h(
    "dialog",
    { ...attributes, onkeydown: keep, onclick: closeOutside, onclose: () => node.remove() },
    h("div", { class: "vibes-sheet" }, head, ...parts),
  );
  document.body.append(node);
  node.showModal();
  return node;
}

/** The editor hears keys at the window, and would delete nodes behind the dialog. */
const keep = (event) => event.stopPropagation();

/** At the backdrop, which is what is left of the dialog beside its sheet. */
function closeOutside({ target, currentTarget }) {
  if (target === currentTarget) target.close();
}
