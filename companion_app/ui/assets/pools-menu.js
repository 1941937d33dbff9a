/** A menu of acts that opens at a button and is walked with the arrow keys. */
import { button, h } from "./dom.js";

const MARGIN = 8;
const MOVES = {
  ArrowDown: (at, count) => (at + 1) % count,
  ArrowUp: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** Open it below `anchor`; `choices` are [label, act]. */
export function openMenu(anchor, choices) {
  const items = choices.map(([label, act]) => {
    const run = () => (menu.hidePopover(), act());
    return button(label, run, { class: "v-menu-item", role: "menuitem", tabindex: "-1" });
  });
  const menu = h("div", { class: "v-menu", role: "menu", popover: "auto" }, items);
  menu.setAttribute("aria-label", anchor.getAttribute("aria-label"));
  menu.addEventListener("keydown", (event) => walk(event, items, menu));
  menu.addEventListener("toggle", ({ newState }) => newState === "closed" && leave(anchor, menu));
  document.body.append(menu);
  menu.showPopover();
  place(menu, anchor.getBoundingClientRect());
  anchor.setAttribute("aria-expanded", "true");
  items[0].focus();
}

function leave(anchor, menu) {
  const hadFocus =
    menu.contains(document.activeElement) || document.activeElement === document.body;
  menu.remove();
  anchor.setAttribute("aria-expanded", "false");
  if (hadFocus) anchor.focus({ preventScroll: true });
}

function walk(event, items, menu) {
  if (event.key === "Tab") return menu.hidePopover();
  const next = MOVES[event.key]?.(items.indexOf(document.activeElement), items.length);
  if (next === undefined) return;
  event.preventDefault();
  items[next].focus();
}

/** Below the button, right edges aligned; above it where there is no room below. */
function place(menu, { right, top, bottom }) {
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.max(MARGIN, right - width);
  const fits = bottom + height + MARGIN <= window.innerHeight;
  menu.style.left = `${left}px`;
  menu.style.top = `${fits ? bottom + 4 : Math.max(MARGIN, top - height - 4)}px`;
}
