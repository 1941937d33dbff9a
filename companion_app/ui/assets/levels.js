/** How much is explained: the same everywhere on the page and the next time it is opened. */
import { button, flag, h } from "./dom.js";

const LEVELS = {
  minimal: "Minimal",
  standard: "Standard",
  detailed: "Detailed",
  technical: "Technical",
};
const KEY = "vibes.explain";

class Depth extends EventTarget {
  level = localStorage.getItem(KEY) in LEVELS ? localStorage.getItem(KEY) : "standard";

  choose(level) {
    this.level = level;
    localStorage.setItem(KEY, level);
    this.dispatchEvent(new Event("change"));
  }
}

/** Tells "change" when another level is chosen. */
export const depth = new Depth();

/** The levels after the first that a level tells, itself included. */
export function deeperThanMinimal(level) {
  const names = Object.keys(LEVELS);
  return names.slice(1, names.indexOf(level) + 1);
}

/** The four levels as buttons; `show(level)` presses one of them. */
export function levelButtons() {
  const buttons = Object.entries(LEVELS).map(([level, label]) => [
    level,
    button(label, () => depth.choose(level), { "data-quiet": true }),
  ]);
  const choice = { class: "v-why-depth", role: "group", "aria-label": "How much to explain" };
  const node = h(
    "div",
    choice,
    buttons.map(([, pressed]) => pressed),
  );
  const show = (chosen) =>
    buttons.forEach(([level, pressed]) => flag(pressed, "aria-pressed", String(level === chosen)));
  return { node, show };
}
