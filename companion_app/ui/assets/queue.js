/** Tab Queue: what runs where, what waits and why, and how to change that. */
import { LiveElement, button, flag, h, write } from "./dom.js";
import { hear } from "./events.js";
import { clock } from "./format.js";
import { LiveList } from "./list.js";
import { report } from "./notice.js";
import { isOpen, summary } from "./queue-acts.js";
import { BatchPanel } from "./queue-batch.js";
import { NowTile } from "./queue-now.js";
import { queue } from "./queue-state.js";
import { showTab } from "./tabs.js";

const BACKSTOP_MS = 5000;
const FRAME_MS = 80;
const TEACHING =
  "While pictures are made, this page shows which server makes what, how long it takes, and why " +
  "a picture waits. Here you pause, cancel and retry, and decide what comes first.";

class QueuePage extends LiveElement {
  /** Ids of the grids whose pictures are listed. */
  opened = new Set();
  #frame = null;

  connect(signal) {
    this.build();
    const refresh = (options) => this.isShown && queue.refresh(options);
    this.whenShown(() => this.load());
    this.every(BACKSTOP_MS, () => refresh());
    this.every(1000, () => this.render());
    hear(["queue", "reset"], () => refresh({ soon: true }), signal);
    hear(["image", "batch", "servers"], () => refresh(), signal);
    queue.addEventListener("change", () => this.schedule(), { signal });
    queue.addEventListener("trouble", ({ detail }) => this.complain(detail), { signal });
    document.addEventListener("visibilitychange", () => refresh({ soon: true }), { signal });
  }

  build() {
    this.said = h("p", { class: "v-hint" });
    this.time = h("span", { class: "v-number v-queue-time" });
    this.now = h("ul", { class: "v-nows", "aria-label": "Being made now" });
    this.open = h("ol", { class: "v-queue", "aria-label": "Grids in the order they are made" });
    this.failed = h("ol", { class: "v-queue", "aria-labelledby": "vibes-failed" });
    this.failedHead = h("h3", { id: "vibes-failed", class: "v-queue-part" }, "Not finished");
    this.empty = h(
      "section",
      { class: "v-empty", hidden: true },
      h("h2", {}, "Nothing is being made"),
      h("p", {}, TEACHING),
      button("Go to the Studio", () => showTab("Studio"), { "data-kind": "primary" }),
    );
    const head = h("header", { class: "v-panel-head" });
    head.append(h("div", {}, h("h2", {}, "Queue"), this.said), this.time);
    this.replaceChildren(
      ...[h("vibes-notice"), head, this.now, this.open, this.failedHead, this.failed, this.empty],
    );
    const panel = (batch) => new BatchPanel(batch, this.opened);
    this.nowList = new LiveList(this.now, () => new NowTile());
    this.openList = new LiveList(this.open, panel);
    this.failedList = new LiveList(this.failed, panel);
  }

  async load() {
    try {
      await queue.load();
    } catch (error) {
      this.complain(error);
    }
  }

  complain(error) {
    if (this.isShown) report(error, { label: "Try again", run: () => this.load() });
  }

  /** Render before long, once for many changes. */
  schedule() {
    this.#frame ??= setTimeout(() => {
      this.#frame = null;
      this.render();
    }, FRAME_MS);
  }

  render() {
    if (!queue.batches || !this.isShown) return;
    const { batches } = queue;
    const open = batches.filter(({ images }) => images.some(isOpen));
    const failed = batches.filter((batch) => !open.includes(batch));
    this.renderHead(open, failed);
    this.nowList.show(queue.underWay.map((found) => ({ id: found.image.id, ...found })));
    this.openList.show(open);
    this.failedList.show(failed);
    flag(this.now, "hidden", queue.underWay.length === 0);
    flag(this.failedHead, "hidden", failed.length === 0);
    flag(this.empty, "hidden", open.length > 0);
  }

  renderHead(open, failed) {
    const left = queue.left(queue.secondsLeft);
    const quiet = failed.length ? "Nothing is being made; some pictures failed." : "";
    write(this.said, open.length ? summary() : quiet);
    write(this.time, open.length && left ? `${clock(left)} left` : "");
  }
}

customElements.define("vibes-queue", QueuePage);
