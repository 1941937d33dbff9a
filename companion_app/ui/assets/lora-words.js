/** What is known of a model, in words. */
import { familyName, gigabytes, modelName, percent } from "./format.js";

const SOURCES = {
  weights: "Its weights say so.",
  metadata: "The metadata in the file says so.",
  sidecar: "A file beside it says so.",
  name: "Guessed from its name.",
  size: "Guessed from its size.",
};
const NOT_FOUND = "Nothing in or beside the file says what it is made for.";

/** A family to filter by or to block; "unknown" stands for every model nothing is known of. */
export const familyLabel = (family) => familyName(family === "unknown" ? null : family);

/** "SDXL · pony". */
export const familyWords = ({ base_model, family = base_model, branch }) =>
  [familyName(family), branch].filter(Boolean).join(" · ");

/** How the family was found out. */
export const sourceWords = ({ base_model_source, family_source = base_model_source }) =>
  SOURCES[family_source] ?? NOT_FOUND;

/** "picked in 12 of 30, 26–58 %". */
export function usageWords({ selected, total, interval }) {
  return total ? `picked in ${selected} of ${total}, ${rangeWords(interval)}` : "not used yet";
}

/** "26–58 %". */
export const rangeWords = ([low, high]) => `${Math.round(low * 100)}–${percent(high)}`;

/** "1 LoRA", "10,000 LoRAs". */
export const loraCount = (count) => `${number(count)} LoRA${count === 1 ? "" : "s"}`;

/** 10000 -> "10,000". */
export const number = (count) => count.toLocaleString("en");

/** Bytes -> "144 MB", "2.1 GB". */
export function sizeWords(bytes) {
  if (bytes === null) return "";
  return bytes < 2 ** 30 ? `${Math.max(1, Math.round(bytes / 2 ** 20))} MB` : gigabytes(bytes);
}

/** Two letters for a model without a picture. */
export function initials(name) {
  const words = modelName(name).match(/[\p{L}\p{N}]+/gu) ?? ["?"];
  return words
    .slice(0, 2)
    .map((word) => [...word][0].toUpperCase())
    .join("");
}

/** The servers in use that lack a model. */
export const lacking = ({ servers }, fleet) =>
  fleet.filter(({ name, state }) => state !== "offline" && !servers.includes(name));

/** Which servers lack it, or that none does. */
export function serverWords(model, fleet) {
  const missing = lacking(model, fleet).map(({ name }) => name);
  if (!model.servers.length) return "on no server now";
  if (!missing.length) return fleet.length > 1 ? "on every server" : `on ${model.servers[0]}`;
  return missing.length > model.servers.length
    ? `only on ${model.servers.join(", ")}`
    : `not on ${missing.join(", ")}`;
}

/** Checkpoints beside which it changes pictures, and those beside which it was found not to. */
export function effectsOf({ effects }) {
  const works = new Set(effects.filter((one) => one.works).map((one) => one.checkpoint));
  const idle = effects.map((one) => one.checkpoint).filter((name) => !works.has(name));
  return { works: [...works], idle: [...new Set(idle)] };
}

/** "Changes nothing beside dreamshaper_8."; empty where nothing of that kind is known. */
export function idleWords(lora) {
  const { idle } = effectsOf(lora);
  return idle.length ? `Changes nothing beside ${idle.map(modelName).join(", ")}.` : "";
}

/** Everything that is wrong with it, as sentences. */
export const troubles = ({ fault, conflict }) => [fault, conflict].filter(Boolean);
