/** Dragging checkpoints between pools. What a drop means is decided where it falls. */
import { flag } from "./dom.js";

/** What is being dragged: {name, family, tier}, tier null where it comes from no pool. */
let held = null;
/** The place it is held over; null between places. */
let over = null;
document.addEventListener("dragover", (event) => event.defaultPrevented || hover(null));

/** Let `node` be dragged; `what()` says what it stands for, `root` shows that something is held. */
export function draggable(node, what, root) {
  node.draggable = true;
  node.addEventListener("dragstart", (event) => {
    held = what();
    event.dataTransfer.setData("text/plain", held.name);
    event.dataTransfer.effectAllowed = "copyMove";
    flag(root(), "data-dragging", held.tier ?? "");
    mark(root());
  });
  node.addEventListener("dragend", () => {
    held = null;
    hover(null);
    flag(root(), "data-dragging", null);
  });
}

/**
 * Let `node` be dropped on. `fits(held)` only says how it looks: what does not fit can be dropped
 * too, and the studio says why not.
 */
export function droppable(node, fits, ondrop) {
  node.dropFits = fits;
  node.addEventListener("dragover", (event) => {
    if (!held) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = node.dataset.drop === "out" ? "move" : "copy";
    hover(node);
  });
  node.addEventListener("drop", (event) => {
    if (!held) return;
    event.preventDefault();
    ondrop(held);
  });
}

function hover(node) {
  if (over) flag(over, "data-over", null);
  over = node;
  if (over) flag(over, "data-over", true);
}

/** Every place to drop on shows whether it suits what is held. */
function mark(root) {
  for (const node of root.querySelectorAll("[data-drop]"))
    flag(node, "data-fits", String(Boolean(node.dropFits(held))));
}
