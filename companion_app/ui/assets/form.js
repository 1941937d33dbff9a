/** The bridge to the form Gradio hosts: what it says goes to REST, what the session says goes into it. */
import { say } from "./notice.js";
import { store } from "./store.js";
import { generate as draw } from "./studio.js";

/** Called with the form's values in the order `studio_tab.py` lists them. */
export async function generate([prompt, negative, aspect, mode, autoLora, count, tier, seed]) {
  if (!prompt?.trim()) {
    say("Say what the pictures should show, then press Generate.");
    focusPrompt();
    return;
  }
  const number = seed?.trim() ? Number(seed) : null;
  if (number !== null && !(Number.isSafeInteger(number) && number >= 0)) {
    say("A seed is a whole number from 0; leave it empty for a random one.", { kind: "error" });
    return;
  }
  const request = {
    prompt,
    negative_prompt: negative ?? "",
    aspect_ratio: aspect,
    explore_mode: mode === "explore",
    auto_lora: autoLora,
    count,
    ...(tier && { tier }),
    ...(number !== null && { seed: number }),
  };
  document.activeElement?.blur();
  document.querySelector("vibes-grid")?.focusActive();
  await draw(request);
}

/** Prompt, negative prompt and shape as the open session has them; Gradio puts them in the form. */
export function restored() {
  const { session } = store;
  return [
    session?.prompt ?? "",
    session?.negative_prompt ?? "",
    session?.aspect_ratio ?? "portrait",
  ];
}

export function focusPrompt() {
  document.querySelector("#vibes-prompt textarea")?.focus();
}

/** Put the session's prompt in the form when it changes, never over what is being typed. */
export function followSession() {
  let shown = "";
  store.addEventListener("session", () => {
    const { session } = store;
    const said = session?.batch_id
      ? JSON.stringify([session.id, session.prompt, session.negative_prompt, session.aspect_ratio])
      : shown;
    if (said !== shown) setTimeout(() => document.getElementById("vibes-restore")?.click());
    shown = said;
  });
}
