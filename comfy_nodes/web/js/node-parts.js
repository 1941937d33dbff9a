/** What our nodes show of their last output, as widgets of the editor that no workflow stores. */
import { choiceOf } from "./choices.js";
import { ChoiceStrip } from "./choice-strip.js";
import { picturesOf } from "./pictures.js";
import { RatingList } from "./rating-list.js";
import { ShownText } from "./shown-text.js";

const PREFIX = "Vibes";
const SHOWING = "VibesPreview";
const TELLING = new Set(["VibesPromptAnalysis", "VibesParameters", "VibesExplain"]);
const MIN_WIDTH = 290; // graph units: a small picture, two thumbs and five stars side by side
const TEXT_HEIGHT = 140; // graph units: some seven lines; the node can be drawn larger

/** The pack's nodes are known by the prefix of their class. */
export const isOurs = (node) => node.comfyClass?.startsWith(PREFIX) ?? false;

export class NodeParts {
  /** `tools` are those of `RatingRow`, and `explain(choice)`. */
  constructor(node, tools) {
    this.node = node;
    this.tools = tools;
    // The editor draws pictures down to the node's lower edge: what is to stay above them is there first.
    if (node.comfyClass === SHOWING) this.#ratings();
    if (TELLING.has(node.comfyClass)) this.text = attachText(node, new ShownText());
  }

  /** Take over what the node reported, now or before the page was loaded. */
  show(output) {
    const pictures = picturesOf(output);
    if (pictures.length) this.#ratings().show(pictures);
    this.text?.show(output?.text ?? []);
    this.choice = choiceOf(output);
    if (this.choice) this.#strip().show(this.choice);
  }

  /** Entries for the node's menu. */
  menu() {
    if (!this.choice) return [];
    const { t, explain } = this.tools;
    return [{ content: t("why.menu"), callback: () => explain(this.choice) }];
  }

  #ratings() {
    this.ratings ??= attachFitting(this.node, "vibes_ratings", new RatingList(this.tools));
    return this.ratings;
  }

  #strip() {
    this.strip ??= attachFitting(this.node, "vibes_choice", new ChoiceStrip(this.tools));
    return this.strip;
  }
}

/** Put a text on a node, which gets the room the node has. */
function attachText(node, text) {
  addWidget(node, "vibes_text", text.node, { getMinHeight: () => TEXT_HEIGHT });
  return text;
}

/** Put a part on a node, as high as it needs to be. */
function attachFitting(node, name, part) {
  const frame = document.createElement("div");
  frame.className = "vibes-frame";
  frame.append(part.node);
  const widget = addWidget(node, name, frame);
  let height = 0;
  widget.computeLayoutSize = () => ({
    minHeight: height,
    maxHeight: height,
    minWidth: MIN_WIDTH,
  });
  new ResizeObserver(() => {
    if (!part.node.offsetHeight) return; // out of sight: zoomed out, or another graph is shown
    height = part.node.offsetHeight + 2 * widget.margin;
    node.expandToFitContent();
    node.setDirtyCanvas(true, true);
  }).observe(part.node);
  return part;
}

function addWidget(node, name, element, options = {}) {
  const widget = node.addDOMWidget(name, name, element, { ...options, serialize: false });
  widget.serialize = false; // `options.serialize` keeps it out of prompts, this out of workflows
  return widget;
}
