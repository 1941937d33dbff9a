/** Parts that say something about a model wherever one is shown. */
import { button, h } from "./dom.js";
import { initials } from "./lora-words.js";
import { report, say } from "./notice.js";

const COPIED_MS = 1500;

/** Its preview, or two letters where there is none; null asks, as nobody knows. */
export function modelPicture(kind, { name, has_preview: has }) {
  const letters = h("span", { class: "v-initials", "aria-hidden": "true" }, initials(name));
  if (has === false) return letters;
  const src = `/api/models/${kind}/preview?${new URLSearchParams({ name })}`;
  const picture = h("img", { src, alt: "", loading: "lazy", decoding: "async" });
  picture.draggable = false;
  picture.addEventListener("error", () => picture.replaceWith(letters));
  return picture;
}

/** Trigger words; a click copies one. `most` of them are shown, the rest are counted. */
export function triggerChips(triggers, most = Infinity) {
  const chips = triggers.slice(0, most).map((words) =>
    button(
      h("span", { class: "v-cut" }, words),
      ({ currentTarget }) => copy(words, currentTarget),
      {
        class: "v-button v-tag",
        title: `Copy “${words}”`,
      },
    ),
  );
  const rest = triggers.slice(most);
  const more = rest.length > 0 && h("span", { class: "v-hint", title: rest.join("\n") });
  if (more) more.append(`+ ${rest.length}`);
  return [...chips, more].filter(Boolean);
}

/** The chip says so too: where a drawer is open, the notice lies below it. */
async function copy(words, chip) {
  try {
    await navigator.clipboard.writeText(words);
    chip.dataset.copied = "";
    setTimeout(() => delete chip.dataset.copied, COPIED_MS);
    say(`“${words}” is copied.`);
  } catch {
    report(new Error(`The browser does not let this page copy: the words are “${words}”.`));
  }
}
