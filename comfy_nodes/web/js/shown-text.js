/** The text a node reported, to be read and copied, not edited. */
import { h } from "./dom.js";

export class ShownText {
  constructor() {
    this.node = h("textarea", { class: "comfy-multiline-input", readonly: true });
  }

  /** Stand for these lines from now on. */
  show(lines) {
    this.node.value = lines.join("\n");
  }
}
