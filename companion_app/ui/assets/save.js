/** Saving an original to the person's own disk. */
import { h } from "./dom.js";
import { modelName } from "./format.js";
import { noteSaved } from "./studio.js";

/** Let the browser download the original, and tell the studio it was kept. */
export function download(image) {
  const name = `vibes-${modelName(image.checkpoint ?? "picture")}-${image.seed}.png`;
  const link = h("a", { href: image.url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  noteSaved(image.id);
}
