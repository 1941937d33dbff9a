/** Two pictures one over the other, and a line between them that pointer, finger and keys move. */
import { LiveElement, h } from "./dom.js";

const STEP = 2;
const LEAP = 10;
const KEYS = {
  ArrowLeft: (at) => at - STEP,
  ArrowDown: (at) => at - STEP,
  ArrowRight: (at) => at + STEP,
  ArrowUp: (at) => at + STEP,
  PageDown: (at) => at - LEAP,
  PageUp: (at) => at + LEAP,
  Home: () => 0,
  End: () => 100,
};

class Slider extends LiveElement {
  /** How much of the left picture is shown, in percent. */
  at = 50;

  connect(signal) {
    if (!this.handle) this.build();
    this.addEventListener("pointerdown", (event) => this.grab(event), { signal });
    this.addEventListener("pointermove", (event) => this.drag(event), { signal });
    this.handle.addEventListener("keydown", (event) => this.pressed(event), { signal });
    this.move(this.at);
  }

  build() {
    const picture = () => h("img", { draggable: "false", decoding: "async" });
    [this.left, this.right] = [picture(), picture()];
    this.names = [h("span", { class: "v-slider-name" }), h("span", { class: "v-slider-name" })];
    this.handle = h("div", {
      class: "v-slider-handle",
      role: "slider",
      tabindex: "0",
      "aria-label": "How much of A is shown",
      "aria-valuemin": "0",
      "aria-valuemax": "100",
    });
    this.replaceChildren(this.right, this.left, ...this.names, this.handle);
  }

  /** Show two pictures of one size, each {url, alt, name}. */
  show(left, right, { width, height }) {
    if (!this.handle) this.build();
    this.style.aspectRatio = `${width} / ${height}`;
    for (const [node, name, one] of [
      [this.left, this.names[0], left],
      [this.right, this.names[1], right],
    ]) {
      Object.assign(node, { src: one.url, alt: one.alt });
      name.textContent = one.name;
    }
  }

  grab(event) {
    if (event.button !== 0) return;
    this.setPointerCapture(event.pointerId);
    this.handle.focus({ preventScroll: true });
    event.preventDefault();
    this.follow(event);
  }

  drag(event) {
    if (this.hasPointerCapture(event.pointerId)) this.follow(event);
  }

  follow({ clientX }) {
    const { left, width } = this.getBoundingClientRect();
    this.move(((clientX - left) / width) * 100);
  }

  pressed(event) {
    const next = KEYS[event.key]?.(this.at);
    if (next === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.move(next);
  }

  move(percent) {
    this.at = Math.min(100, Math.max(0, percent));
    this.style.setProperty("--at", `${this.at}%`);
    const now = Math.round(this.at);
    this.handle.setAttribute("aria-valuenow", now);
    this.handle.setAttribute("aria-valuetext", `${now} % A, ${100 - now} % B`);
  }
}

customElements.define("vibes-slider", Slider);
