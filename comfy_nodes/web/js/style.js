/** The stylesheet beside the modules, in the page once. */
import { h } from "./dom.js";

export function addStyle() {
  const href = new URL("./vibes.css", import.meta.url).href;
  document.head.append(h("link", { rel: "stylesheet", href }));
}
