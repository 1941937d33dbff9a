/** How far the grid's rendering is, with time left, pause and cancel. */
import { LiveElement, button, flag, h } from "./dom.js";
import { clock, plural } from "./format.js";
import { store } from "./store.js";
import { steer } from "./studio.js";

const MOVING = ["queued", "running", "paused"];

class Progress extends LiveElement {
  connect(signal) {
    this.text = h("span", { class: "v-progress-text" });
    this.pause = button("Pause", () => steer(store.batch.state === "paused" ? "resume" : "pause"), {
      "data-quiet": true,
    });
    this.cancel = button("Cancel", () => steer("cancel"), { "data-quiet": true });
    this.retry = button("Retry failed", () => steer("retry"), { "data-quiet": true });
    this.bar = h(
      "div",
      { class: "v-bar", role: "progressbar", "aria-label": "Pictures ready", "aria-valuemin": "0" },
      h("i", {}),
    );
    this.replaceChildren(this.text, this.pause, this.cancel, this.retry, this.bar);
    store.watch(["batch", "progress"], () => this.render(), signal);
  }

  render() {
    const { batch } = store;
    const moving = Boolean(batch) && MOVING.includes(batch.state);
    const started = moving && batch.id !== null;
    flag(this, "data-moving", moving);
    for (const node of [this.pause, this.cancel]) flag(node, "hidden", !started);
    flag(this.retry, "hidden", !batch || moving || !batch.failed_count);
    this.pause.textContent = batch?.state === "paused" ? "Resume" : "Pause";
    const left =
      store.secondsLeft === null
        ? ""
        : h("span", { class: "v-left" }, `${clock(store.secondsLeft)} left`);
    this.text.replaceChildren(batch ? describe(batch) : "", left);
    this.bar.setAttribute("aria-valuemax", batch?.total_count ?? 0);
    this.bar.setAttribute("aria-valuenow", batch?.done_count ?? 0);
    this.bar.style.setProperty("--share", batch ? batch.done_count / batch.total_count : 0);
  }
}

function describe({ id, state, done_count: done, failed_count: failed, total_count: total }) {
  if (id === null) return "planning";
  if (state === "done") return plural(total, "picture");
  const parts = [`${done} of ${total}`];
  if (failed) parts.push(`${failed} failed`);
  if (["paused", "cancelled"].includes(state)) parts.push(state);
  return parts.join(" · ");
}

customElements.define("vibes-progress", Progress);
