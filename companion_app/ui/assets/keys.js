/** The keyboard: which key does what, and when it must not. */
import { isAsking, show } from "./dialog.js";
import { button, h } from "./dom.js";
import { focusPrompt } from "./form.js";
import { navigate } from "./studio.js";

const HELP = [
  ["1 … 9, 0, a …", "pick the card that shows this key"],
  ["← ↑ → ↓", "move between cards"],
  ["Space", "pick the focused card"],
  ["Enter", "advance the picks to the next stage"],
  ["Z", "look closely; again: compare two side by side"],
  ["1 … 5", "while looking closely: rate the picture"],
  ["S", "while looking closely: what of the prompt it shows"],
  ["I", "why this picture was made"],
  ["R", "reject all"],
  ["Enter / Esc", "in a review: generate what is ticked, or discard it"],
  ["Alt ← / Alt →", "back and forward through the stages"],
  ["/", "write the prompt"],
  ["Ctrl Enter", "generate"],
  ["?", "these keys"],
];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Listen on the whole page. */
export function bindKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || isAsking() || !onStudioTab()) return;
    const handled = isTyping(event.target) ? whileTyping(event) : onGrid(event);
    if (handled) event.preventDefault();
  });
}

/** Show the keys. */
export function showKeys() {
  const rows = HELP.map(([key, what]) =>
    h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, key)), h("td", {}, what)),
  );
  const close = button("Close", () => dialog.close(), { autofocus: true });
  const content = [
    h("h2", {}, "Keys"),
    h("table", { class: "v-keys" }, rows),
    h("div", { class: "v-actions" }, close),
  ];
  const dialog = h("dialog", { class: "v-dialog", "aria-label": "Keys" }, content);
  show(dialog);
}

const grid = () => document.querySelector("vibes-grid");
const bar = () => document.querySelector("vibes-feedback");
const onStudioTab = () => grid()?.offsetParent !== null;

function isTyping(target) {
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target.matches("input") && !["checkbox", "radio", "button", "range"].includes(target.type);
}

function whileTyping(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return pressGenerate();
  if (event.key === "Escape") return (grid().focusActive(), true);
  return false;
}

function pressGenerate() {
  document.getElementById("vibes-generate")?.click();
  return true;
}

function onGrid(event) {
  const { key, altKey, ctrlKey, metaKey, repeat, target } = event;
  if (altKey && key === "ArrowLeft") return (navigate("back"), true);
  if (altKey && key === "ArrowRight") return (navigate("forward"), true);
  if (key === "Enter" && (ctrlKey || metaKey)) return pressGenerate();
  if (altKey || ctrlKey || metaKey) return false;
  if (usesKey(target, key)) return false;
  if (ARROWS[key]) return (grid().move(...ARROWS[key]), true);
  return repeat ? false : command(key);
}

/** A control under the focus keeps the keys it understands itself. */
function usesKey(target, key) {
  if (target.matches("button, a, summary"))
    return key === "Enter" || key === " " || (target.matches("[role=tab]") && key in ARROWS);
  return target.matches("input") && (key === " " || key === "Enter" || key in ARROWS);
}

function command(key) {
  switch (key) {
    case " ":
      return (grid().toggleActive(), true);
    case "Enter":
      return (bar().advance(), true);
    case "?":
      return (showKeys(), true);
    case "/":
      return (focusPrompt(), true);
  }
  switch (key.toLowerCase()) {
    case "z":
      return (grid().zoom(), true);
    case "i":
      return (grid().active?.explain(), true);
    case "r":
      return (bar().rejectAll(), true);
    default:
      return grid().toggleKey(key.toLowerCase());
  }
}
