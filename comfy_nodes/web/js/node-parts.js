/** What our nodes show of their last output, as widgets of the editor that no workflow stores. */
import { choiceOf } from "./choices.js";
import { ChoiceStrip } from "./choice-strip.js";
import { picturesOf } from "./pictures.js";
import { RatingList } from "./rating-list.js";

const PREFIX = "Vibes";
const SHOWING = "VibesPreview";
const MIN_WIDTH = 290; // graph units: a small picture, two thumbs and five stars side by side

/** The pack's nodes are known by the prefix of their class. */
export const isOurs = (node) => node.comfyClass?.startsWith(PREFIX) ?? false;

export class NodeParts {
  /** `tools` are those of `RatingRow`, and `explain(choice)`. */
  constructor(node, tools) {
    this.node = node;
    this.tools = tools;
    // The editor draws pictures down to the node's lower edge: what is to stay above them is there first.
    if (node.comfyClass === SHOWING) this.#ratings();
  }

  /** Take over what the node reported, now or before the page was loaded. */
  show(output) {
    const pictures = picturesOf(output);
    if (pictures.length) this.#ratings().show(pictures);
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
    this.ratings ??= attach(this.node, "vibes_ratings", new RatingList(this.tools));
    return this.ratings;
  }

  #strip() {
    this.strip ??= attach(this.node, "vibes_choice", new ChoiceStrip(this.tools));
    return this.strip;
  }
}

/** Put a part on a node, as high as it needs to be. */
function attach(node, name, part) {
  const frame = document.createElement("div");
  frame.className = "vibes-frame";
  frame.append(part.node);
  const widget = node.addDOMWidget(name, name, frame, { serialize: false });
  widget.serialize = false; // `options.serialize` keeps it out of prompts, this out of workflows
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
