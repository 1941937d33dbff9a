/** Rates with their intervals as bars, and drawings as SVG. */
import { h } from "./dom.js";
import { percent } from "./format.js";

/** The end of a scale for these intervals of rates: the next tenth, so that bars fill their track. */
export function scaleFor(intervals) {
  const top = Math.max(0.1, ...intervals.map(([, high]) => high));
  return Math.min(1, Math.ceil(top * 10 - 0.01) / 10);
}

/** A rate with its interval on a scale from 0 to `most`; `spoken` says what it is the rate of. */
export function rateBar(rate, [low, high], { spoken = "", most = 1, sure = true } = {}) {
  const said = `${spoken}${percent(rate)}, likely between ${percent(low)} and ${percent(high)}`;
  const bar = h("div", { class: "v-rate", role: "img", "aria-label": said }, h("i"), h("b"));
  if (!sure) bar.dataset.exploring = "";
  for (const [key, value] of Object.entries({ rate, low, high }))
    bar.style.setProperty(`--${key}`, Math.min(value / most, 1).toFixed(4));
  return bar;
}

/** A lean from -1 to 1 with its interval, on a track whose middle is neither. */
export function leanBar(balance, [low, high], spoken) {
  const said = `${spoken}: ${signed(balance)}, likely between ${signed(low)} and ${signed(high)}`;
  const bar = h("div", { class: "v-lean", role: "img", "aria-label": said }, h("b"), h("i"));
  for (const [key, value] of Object.entries({ balance, low, high }))
    bar.style.setProperty(`--${key}`, (value + 1) / 2);
  return bar;
}

/** An SVG element; strings among the children become text. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes))
    if (value !== null && value !== false) node.setAttribute(key, value);
  node.append(...children.flat().filter((child) => child !== null && child !== false));
  return node;
}

const signed = (value) => `${value > 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}`;
