/** The prompt the Studio is at. */
import { store } from "./store.js";

/** What stands in the form, or else what the open session drew last. */
export function studioPrompt() {
  const typed = document.querySelector("#vibes-prompt textarea")?.value.trim();
  return typed || (store.session?.prompt ?? "");
}
