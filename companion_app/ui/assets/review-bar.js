/** Below the review: how many pictures are taken, make them, or leave it. */
import { LiveElement, button, flag, h, write } from "./dom.js";
import { plural } from "./format.js";
import { store } from "./store.js";

class ReviewBar extends LiveElement {
  connect(signal) {
    this.count = h("strong", { class: "v-count" });
    this.label = h("span", {});
    const content = [this.label, h("kbd", {}, "⏎")];
    const primary = { "data-kind": "primary" };
    this.go = button(content, () => this.review.confirm(), primary);
    this.changed = h("span", { class: "v-hint", role: "status" });
    const away = button(["Discard", h("kbd", {}, "Esc")], () => this.review.discard());
    const acts = h("div", { class: "v-acts" }, this.go, away);
    this.replaceChildren(this.count, acts, this.changed);
    store.watch(["review", "busy"], () => this.follow(), signal);
  }

  get review() {
    return document.querySelector("vibes-review");
  }

  /** Show the review on screen, and every change of it. */
  follow() {
    this.following?.abort();
    this.following = new AbortController();
    const proposal = store.review?.proposal;
    flag(this, "hidden", !store.review);
    if (proposal) proposal.watch(["rows", "settings"], () => this.render(), this.following.signal);
    else this.render();
  }

  render() {
    const { review, busy } = store;
    if (!review) return;
    const { count = 0, changedCount = 0 } = review.proposal ?? {};
    const all = review.proposal?.plan.recipes.length;
    write(this.count, all ? `${count} of ${all} taken` : "");
    write(this.label, all ? `Generate ${count}` : "Generate");
    flag(this.go, "aria-disabled", busy || count === 0 ? "true" : null);
    write(this.changed, changedCount ? `${plural(changedCount, "change")} by you` : "");
  }
}

customElements.define("vibes-review-bar", ReviewBar);
