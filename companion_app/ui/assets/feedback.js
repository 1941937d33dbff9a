/** The feedback bar: what to do with the picks. */
import { ask, field } from "./dialog.js";
import { LiveElement, button, flag, h, hint, write } from "./dom.js";
import { plural } from "./format.js";
import { showKeys } from "./keys.js";
import { say } from "./notice.js";
import { download } from "./save.js";
import { scoring } from "./scoring.js";
import { store } from "./store.js";
import { iterate, rejectAll } from "./studio.js";
import { BY_SCORE, FILTER_NAMES, ORDER_NAMES } from "./view.js";
import { ViewMenu } from "./view-menu.js";

const PICK_FIRST = "Pick at least one picture first: click it, or press the key it shows.";

class Feedback extends LiveElement {
  connect(signal) {
    this.count = h("strong", { class: "v-count" });
    this.main = button("", () => this.advance(), { "data-kind": "primary" });
    this.refineButton = button("Refine…", () => this.refine());
    this.more = button("More like this", () => this.moreLikeThis());
    this.reject = button("Reject all…", () => this.rejectAll());
    this.sort = new ViewMenu("Sort", ORDER_NAMES, (order) => this.grid.arrange({ order }));
    this.filter = new ViewMenu("Show", FILTER_NAMES, (filter) => this.grid.arrange({ filter }));
    this.againWord = h("span", { class: "v-again-word" });
    const again = [h("span", { "aria-hidden": "true" }, "↻"), this.againWord];
    this.again = button(again, () => this.sortAgain(), {
      "data-quiet": true,
      "data-again": true,
      title: "New scores have come since this was put in order.",
    });
    const acts = h(
      "div",
      { class: "v-acts" },
      this.main,
      this.refineButton,
      this.more,
      this.reject,
    );
    const keys = button("?", showKeys, {
      class: "v-button v-icon",
      "aria-label": "Keys",
      title: "Keys (?)",
    });
    const views = h(
      "div",
      { class: "v-views" },
      ...[this.again, this.sort.node, this.filter.node, keys],
    );
    this.replaceChildren(this.count, acts, views);
    store.watch(["settings", "batch", "image", "busy", "progress"], () => this.render(), signal);
    store.watch(["view"], () => this.renderView(), signal);
    scoring.watch(["change"], () => this.renderView(), signal);
  }

  get grid() {
    return document.querySelector("vibes-grid");
  }

  get isLast() {
    return store.nextStage === null;
  }

  render() {
    const { batch, picked, busy } = store;
    flag(this, "hidden", !batch);
    if (!batch) return;
    const idle = busy || batch.id === null;
    this.count.textContent = `${picked.length} of ${batch.total_count} picked`;
    const label = this.isLast
      ? "Save original"
      : ["Advance", h("span", { class: "v-goal" }, ` to ${store.nextStage.name}`)];
    this.main.replaceChildren(h("span", {}, label), h("kbd", {}, "⏎"));
    const objection = idle ? null : this.objection();
    this.main.title = objection ?? "";
    for (const node of [this.main, this.refineButton, this.more])
      flag(node, "aria-disabled", idle || objection ? "true" : null);
    flag(this.reject, "aria-disabled", idle ? "true" : null);
  }

  renderView() {
    if (!this.grid) return;
    const images = store.batch?.images ?? [];
    const { order, filter, isStale } = this.grid;
    this.sort.show(order, images);
    this.filter.show(filter, images);
    const depends = BY_SCORE.includes(order) || BY_SCORE.includes(filter);
    write(this.againWord, BY_SCORE.includes(order) ? "Sort again" : "Filter again");
    flag(this.again, "hidden", !depends);
    flag(this.again, "data-stale", isStale); // its room is kept: nothing beside it moves
  }

  sortAgain() {
    this.grid.arrange();
    this.sort.select.focus();
  }

  /** Why the picks cannot go on as they are; null when they can. */
  objection({ advancing = true } = {}) {
    const { picked, nextStage } = store;
    if (picked.length === 0) return PICK_FIRST;
    const surplus = advancing && nextStage ? picked.length - nextStage.size : 0;
    return surplus > 0
      ? `${nextStage.name} holds ${plural(nextStage.size, "picture")}: unpick ${surplus}.`
      : null;
  }

  /** True when the act may go on; says why when not. */
  ready(options) {
    if (store.busy || !store.batch?.id) return false;
    const objection = this.objection(options);
    if (objection) say(objection);
    return objection === null;
  }

  advance() {
    if (!this.ready()) return;
    if (this.isLast) store.picked.forEach(download);
    else this.submit("advance");
  }

  async refine() {
    if (!this.ready({ advancing: false })) return;
    const prompt = h("textarea", { name: "prompt", rows: "4", required: true, autofocus: true });
    prompt.value = store.picked[0].prompt ?? store.session.prompt ?? "";
    const pictures = plural(store.picked.length, "picture");
    const what = hint(`Same stage, ${pictures}: each pick is redrawn with this prompt.`);
    const body = [what, field("Prompt", prompt)];
    const answer = await ask({ title: "Refine the picks", body, confirm: "Refine" });
    if (answer?.prompt.trim()) this.submit("refine", { prompt: answer.prompt });
  }

  moreLikeThis() {
    if (this.ready({ advancing: false })) this.submit("more_like_this");
  }

  async rejectAll() {
    if (store.busy || !store.batch?.id) return;
    const reason = h("input", {
      name: "reason",
      autofocus: true,
      maxlength: "500",
      placeholder: "too dark, wrong mood, hands …",
    });
    const { stage, total_count: total } = store.batch;
    const way = stage === 0 ? "You start again from the prompt" : "You go back one stage";
    const what = hint(`${way}, and the studio shows less of what these had in common.`);
    const title = total === 1 ? "Reject this picture?" : `Reject all ${total} pictures?`;
    const answer = await ask({
      title,
      body: [what, field("Why (optional)", reason)],
      confirm: "Reject all",
    });
    if (answer) rejectAll(answer.reason.trim());
  }

  submit(action, fields) {
    this.grid.focusActive();
    iterate(action, fields);
    scrollToTop(this.grid);
  }
}

function scrollToTop(grid) {
  const top = grid.closest(".v-stage").getBoundingClientRect().top;
  if (top < 0) window.scrollBy({ top });
}

customElements.define("vibes-feedback", Feedback);
