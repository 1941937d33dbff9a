/** The review: what would be made, in place of the grid, to look over and to change. */
import { isAsking } from "./dialog.js";
import { LiveElement, flag, h, hint } from "./dom.js";
import { modelName, plural } from "./format.js";
import { focusPrompt } from "./form.js";
import { levelButtons, depth } from "./levels.js";
import { LiveList } from "./list.js";
import { models } from "./models.js";
import { accept } from "./review-acts.js";
import { understood } from "./review-analysis.js";
import { embeddings } from "./review-embeddings.js";
import { Row } from "./review-row.js";
import { settings } from "./review-settings.js";
import { say } from "./notice.js";
import { store } from "./store.js";

const NONE_TAKEN = "Tick at least one proposal first: only ticked ones are made.";
const BY_WORDS = "LoRAs were found by words only: no text encoder is installed.";

class Review extends LiveElement {
  connect(signal) {
    store.watch(["review"], () => this.render(), signal);
    store.addEventListener("session", () => this.leaveOthers(), { signal });
    document.addEventListener("keydown", (event) => this.pressed(event), { signal });
    depth.addEventListener("change", () => this.renderLevel(), { signal });
    models.addEventListener("change", () => this.renderRows(), { signal });
  }

  render() {
    const { review } = store;
    const stage = this.closest(".v-stage");
    flag(stage, "data-review", review !== null);
    this.showing?.abort();
    this.showing = new AbortController();
    this.rows = this.proposal = null;
    this.replaceChildren();
    if (review?.proposal) this.open(review.proposal);
    else if (review) this.append(waiting(review.request.count));
  }

  open(proposal) {
    this.proposal = proposal;
    const { plan } = proposal;
    this.heading = h(
      "h2",
      { tabindex: "-1" },
      `Proposed: ${plural(plan.recipes.length, "picture")}`,
    );
    this.levels = levelButtons();
    this.list = h("ul", { class: "v-proposals" });
    this.rows = new LiveList(this.list, () => new Row(proposal));
    this.append(
      h("header", { class: "v-panel-head" }, this.heading, this.levels.node),
      understood(plan.analysis),
      settings(proposal, this.showing.signal),
      ...[embeddings(proposal)].filter(Boolean),
      this.list,
      ...leftOut(plan),
    );
    proposal.watch(["rows", "settings"], () => this.renderRows(), this.showing.signal);
    this.renderLevel();
    this.heading.focus({ preventScroll: true });
    models.load().catch(() => {}); // without it the menus only lack what fits which checkpoint
  }

  renderLevel() {
    if (!this.proposal) return;
    this.levels.show(depth.level);
    this.renderRows();
  }

  renderRows() {
    this.rows?.show(this.proposal.rows, depth.level);
  }

  /** A session opened meanwhile has nothing to do with this plan. */
  leaveOthers() {
    const { session } = store.review ?? {};
    if (session && session !== store.session?.id) store.setReview(null);
  }

  pressed(event) {
    const { key, target, altKey, ctrlKey, metaKey, repeat } = event;
    if (!store.review || this.offsetParent === null || isAsking()) return;
    if (event.defaultPrevented || repeat || altKey || metaKey) return;
    const inside = !target.closest("#vibes-form");
    const acts = {
      Escape: () => (inside ? this.discard() : this.heading?.focus()),
      "/": () => !isTyping(target) && focusPrompt(),
      Enter: () => inside && !target.matches("button, a, summary, select") && this.confirm(),
    };
    if (!acts[key] || (ctrlKey && key !== "Enter")) return;
    if (acts[key]() !== false) event.preventDefault();
  }

  /** Make what is ticked. */
  confirm() {
    if (store.busy || !this.proposal) return;
    if (this.proposal.count === 0) say(NONE_TAKEN);
    else {
      store.wantsFocus = true;
      accept();
    }
  }

  /** Make nothing; the focus goes back to where looking goes on. */
  discard() {
    store.setReview(null);
    const grid = document.querySelector("vibes-grid");
    if (grid.active) grid.focusActive();
    else focusPrompt();
  }
}

const isTyping = (target) => target.matches("textarea, input:not([type=checkbox])");

function waiting(count) {
  const text = h("p", { role: "status" }, `Planning ${plural(count, "picture")} …`);
  return h("div", { class: "v-empty", "aria-busy": "true" }, text);
}

/** LoRAs that could have been meant and are not used, folded away, and how they were looked for. */
function leftOut({ left_out: out, matcher }) {
  const byWords = matcher === "words" ? [hint(BY_WORDS)] : [];
  if (!out.length) return byWords;
  const label = `${plural(out.length, "LoRA")} left out`;
  const reasons = out.map(({ lora, reason }) =>
    h("li", {}, h("strong", { title: lora }, modelName(lora)), reason),
  );
  const summary = h("summary", {}, h("i", { class: "v-chevron" }), label);
  const list = h("ul", { class: "v-left-out" }, reasons);
  return [h("details", { class: "v-more" }, summary, list), ...byWords];
}

customElements.define("vibes-review", Review);
