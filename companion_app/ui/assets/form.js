/** The bridge to the form Gradio hosts: what it says goes to REST, what the session says goes into it. */
import { choice } from "./manual-choice.js";
import { mode } from "./mode.js";
import { hush, say } from "./notice.js";
import { plan } from "./review-acts.js";
import { store } from "./store.js";
import { generate as draw } from "./studio.js";
import { workflow } from "./workflow-choice.js";

/** The form's values in the order `studio_tab.py` lists them. */
const FIELDS = [
  ...["prompt", "aspect", "models", "autoLora", "negative", "count", "tier", "seed"],
  ...["priority", "variation", "seconds", "memory", "triggers"],
];

/** What is written in a field cannot be sent; the message says what can. */
class Slip extends Error {}
/** What was said of the last one. */
let objection = null;

/** Called with the form's values: draws a grid, or asks for a plan to look over. */
export async function generate(values) {
  const said = Object.fromEntries(FIELDS.map((name, index) => [name, values[index]]));
  if (!said.prompt?.trim()) {
    say("Say what the pictures should show, then press Generate.");
    focusPrompt();
    return;
  }
  let request;
  try {
    request = requestFor(said);
  } catch (slip) {
    if (!(slip instanceof Slip)) throw slip;
    objection = slip.message;
    say(objection, { kind: "error" });
    return;
  }
  document.activeElement?.blur();
  if (mode.value === "assisted") return plan(request);
  store.setReview(null);
  document.querySelector("vibes-grid")?.focusActive();
  await draw(request);
}

/** The fields of POST /api/generate/batch. */
function requestFor(said) {
  const seed = seedIn(said.seed);
  const seconds = limitIn(said.seconds, 3600);
  const memory = limitIn(said.memory, 1024);
  return {
    prompt: said.prompt,
    negative_prompt: said.negative ?? "",
    aspect_ratio: said.aspect,
    explore_mode: said.models === "explore",
    auto_lora: said.autoLora,
    count: said.count,
    mode: mode.value,
    priority: said.priority,
    variation: said.variation,
    add_triggers: said.triggers,
    ...(said.tier && { tier: said.tier }),
    ...(workflow.value && { template: workflow.value }),
    ...(seed !== null && { seed }),
    ...(seconds !== null && { max_seconds: seconds }),
    ...(memory !== null && { max_vram_gb: memory }),
    ...(mode.value === "manual" && { overrides: byHand() }),
  };
}

function seedIn(text) {
  const seed = text?.trim() ? Number(text) : null;
  if (seed !== null && !(Number.isSafeInteger(seed) && seed >= 0))
    throw new Slip("A seed is a whole number from 0; leave it empty for a random one.");
  return seed;
}

function limitIn(text, most) {
  const limit = text?.trim() ? Number(text.replace(",", ".")) : null;
  if (limit !== null && !(limit > 0 && limit <= most))
    throw new Slip(`A limit is a number above 0, at most ${most}; leave it empty for none.`);
  return limit;
}

function byHand() {
  if (!choice.objection) return choice.overrides;
  document.querySelector("vibes-manual")?.focusFirst();
  throw new Slip(choice.objection);
}

/** What the button under the prompt does with so many pictures. */
export function generateLabel(count) {
  if (mode.value === "assisted") return `Plan ${count}`;
  return mode.value === "manual" && !choice.checkpoint
    ? "Choose a checkpoint"
    : `Generate ${count}`;
}

/** Prompt, shape and negative prompt as the open session has them; Gradio puts them in the form. */
export function restored() {
  const { session } = store;
  return [
    session?.prompt ?? "",
    session?.aspect_ratio ?? "portrait",
    session?.negative_prompt ?? "",
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
    if (said !== shown) press("vibes-restore");
    shown = said;
  });
}

/** Keep the button's words true to who decides and what is still missing. */
export function followMode() {
  for (const source of [mode, choice])
    source.addEventListener("change", () => {
      if (objection) hush(objection);
      press("vibes-relabel");
    });
}

/** Let Gradio run what one of its hidden buttons stands for. */
function press(id) {
  setTimeout(() => document.getElementById(id)?.click());
}
