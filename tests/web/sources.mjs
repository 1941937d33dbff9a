/** The extension's modules and texts, as files. */
import { readdirSync, readFileSync } from "node:fs";

const repository = new URL("../../", import.meta.url);
export const modules = new URL("comfy_nodes/web/js/", repository);
/** The module that builds everything else. */
export const ENTRY = "vibes.js";

export const moduleNames = readdirSync(modules).filter((name) => name.endsWith(".js"));
export const source = (name) => readFileSync(new URL(name, modules), "utf8");
export const code = (name) => source(name).replace(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");

const locales = new URL("locales/", repository);
export const languages = readdirSync(locales);

/** What ComfyUI serves of one of our files of texts. */
export function texts(language, file) {
  return JSON.parse(readFileSync(new URL(`${language}/${file}.json`, locales), "utf8"));
}
