/** One grid of the queue: how far it is, what to do with it, and its open pictures on request. */
import { button, flag, h, menu, once, write } from "./dom.js";
import { clock } from "./format.js";
import { LiveList } from "./list.js";
import { cancelGrid, isOpen, moveGrid, openInStudio, pauseGrid } from "./queue-acts.js";
import { retryGrid, setPriority, siblings } from "./queue-acts.js";
import { ImageRow } from "./queue-image.js";
import { queue } from "./queue-state.js";
import { batchWords, firstWords, mainReasons } from "./queue-words.js";

const PRIORITIES = ["low", "normal", "high"];
const ICON = "v-button v-icon";

export class BatchPanel {
  /** `opened` holds the ids of the grids whose pictures are listed. */
  constructor({ id }, opened) {
    this.opened = opened;
    this.id = id;
    this.rows = h("ol", { class: "v-rows", id: `vibes-queue-${id}` });
    this.list = new LiveList(this.rows, () => new ImageRow());
    this.node = h(
      "li",
      { class: "v-panel v-batch", "data-batch-id": id },
      h("div", { class: "v-batch-head" }, this.head(id), this.facts(), this.acts()),
      this.progress(),
      (this.why = h("p", { class: "v-hint v-batch-why" })),
      this.rows,
    );
  }

  head(id) {
    this.title = h("strong", { class: "v-cut" });
    this.about = h("span", { class: "v-hint v-cut" });
    this.toggle = h(
      "button",
      { type: "button", class: "v-toggle", "aria-controls": `vibes-queue-${id}` },
      h("i", { class: "v-chevron", "aria-hidden": "true" }),
      h("span", { class: "v-batch-title" }, this.title, this.about),
    );
    this.toggle.addEventListener("click", () => this.flip());
    return h("h3", {}, this.toggle);
  }

  facts() {
    this.count = h("span");
    this.time = h("span", { class: "v-hint" });
    return h("div", { class: "v-number v-batch-facts" }, this.count, this.time);
  }

  acts() {
    const quiet = { "data-quiet": true };
    const pause = once(() => pauseGrid(this.batch));
    this.pause = button("", pause, { ...quiet, class: "v-button v-pause" });
    this.retry = button("Retry failed", () => retryGrid(this.batch), quiet);
    this.cancel = button("Cancel", () => cancelGrid(this.batch), quiet);
    this.studio = button("Open in Studio", () => openInStudio(this.batch), quiet);
    this.priority = menu(PRIORITIES, (name) => setPriority(this.batch, name));
    for (const option of this.priority.options)
      Object.assign(option, { value: option.text, text: `${option.text} priority` });
    this.up = button("↑", () => moveGrid(this.batch, -1), { class: ICON, ...quiet });
    this.down = button("↓", () => moveGrid(this.batch, 1), { class: ICON, ...quiet });
    const nodes = [this.up, this.down, this.priority, this.studio];
    return h("div", { class: "v-batch-acts" }, nodes, this.retry, this.pause, this.cancel);
  }

  progress() {
    this.parts = h("div", { class: "v-parts", role: "progressbar", "aria-valuemin": "0" });
    this.parts.append(h("i"), h("i"), h("i"));
    return this.parts;
  }

  flip() {
    if (!this.opened.delete(this.id)) this.opened.add(this.id);
    this.show(this.batch);
  }

  show(batch) {
    this.batch = batch;
    const open = this.opened.has(this.id);
    const view = describe(batch, open);
    const seen = JSON.stringify(view);
    if (seen !== this.seen) this.render(view);
    this.seen = seen;
    this.list.show(open ? byProgress(batch.images) : [], batch);
  }

  render(view) {
    const { batch } = this;
    for (const name of ["title", "about", "count", "time", "why"]) write(this[name], view[name]);
    this.title.title = batch.prompt;
    this.toggle.setAttribute("aria-expanded", String(view.open));
    this.node.dataset.state = view.state;
    this.node.dataset.priority = view.priority;
    this.parts.setAttribute("aria-valuemax", batch.total_count);
    this.parts.setAttribute("aria-valuenow", batch.done_count);
    this.parts.setAttribute("aria-label", `${view.title}: pictures ready`);
    for (const [index, share] of view.shares.entries())
      this.parts.children[index].style.setProperty("--share", share);
    this.renderActs(view);
  }

  renderActs({ title, paused, failed, finished, place, line, priority }) {
    write(this.pause, paused ? "Resume" : "Pause");
    for (const node of [this.pause, this.cancel, this.priority]) flag(node, "hidden", finished);
    for (const node of [this.up, this.down]) {
      flag(node, "hidden", finished);
      flag(node, "data-void", line < 2); // its room stays, so that the panels align
    }
    flag(this.up, "aria-disabled", place === 0 ? "true" : null);
    flag(this.down, "aria-disabled", place === line - 1 ? "true" : null);
    flag(this.retry, "hidden", !failed);
    this.priority.value = priority;
    const names = [
      ...[this.pause, this.retry, this.cancel, this.studio].map((node) => [node, node.textContent]),
      ...[
        [this.priority, "Priority"],
        [this.up, "Move up in its session"],
        [this.down, "Move down in its session"],
      ],
    ];
    for (const [node, name] of names) node.setAttribute("aria-label", `${name}: ${title}`);
    this.up.title = "Earlier within its session";
    this.down.title = "Later within its session";
  }
}

/** What servers have first, then what waits in its order, then what failed. */
function byProgress(images) {
  const group = ({ state, phase }) => (state === "failed" ? 2 : phase === "waiting" ? 1 : 0);
  return [...images].sort((a, b) => group(a) - group(b));
}

/** Everything a panel shows of its grid; equal descriptions look the same. */
function describe(batch, open) {
  const { total_count: total, done_count: done, failed_count: failed, paused, priority } = batch;
  const line = siblings(batch);
  const finished = !batch.images.some(isOpen);
  const running = batch.images.filter(({ phase }) => phase && phase !== "waiting").length;
  const left = paused || finished ? null : queue.left(batch.seconds_left);
  return {
    title: firstWords(batch.prompt),
    about: [batchWords(batch), batch.stage_name, batch.session_name].join(" · "),
    count: `${done} of ${total}`,
    time: [failed && !finished && `${failed} failed`, left && `${clock(left)} left`]
      .filter(Boolean)
      .join(" · "),
    why: open ? "" : mainReasons(batch).join(" · "),
    shares: [done, running, failed].map((count) => count / total),
    state: finished ? "failed" : paused ? "paused" : running ? "running" : "waiting",
    ...{ open, paused, priority, finished, failed, line: line.length, place: line.indexOf(batch) },
  };
}
