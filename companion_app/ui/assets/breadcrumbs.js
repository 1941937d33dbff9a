/** "Drafts 20 › Refine 8 › Polish 3 › Final 1": where the grid on screen stands. */
import { LiveElement, button, flag, h } from "./dom.js";
import { store } from "./store.js";
import { navigate } from "./studio.js";

class Breadcrumbs extends LiveElement {
  connect(signal) {
    this.back = button("←", () => navigate("back"), {
      class: "v-button v-icon",
      "aria-label": "Back one grid",
      title: "Back (Alt ←)",
    });
    this.forward = button("→", () => navigate("forward"), {
      class: "v-button v-icon",
      "aria-label": "Forward one grid",
      title: "Forward (Alt →)",
    });
    this.list = h("ol", {});
    const nav = h("nav", { "aria-label": "Stages" }, this.list);
    this.replaceChildren(this.back, this.forward, nav);
    store.watch(["settings", "session", "batch"], () => this.render(), signal);
  }

  render() {
    const path = this.path();
    const reached = path.at(-1)?.stage ?? -1;
    const ahead = store.settings.stages.slice(reached + 1);
    this.list.replaceChildren(
      ...path.map((grid) => this.visited(grid)),
      ...ahead.map((stage, index) => this.ahead(stage, index)),
    );
    flag(this.back, "aria-disabled", store.session?.can_back ? null : "true");
    flag(this.forward, "aria-disabled", store.session?.can_forward ? null : "true");
  }

  /** The grids from the first to the one on screen, also while that one is still planned. */
  path() {
    const path = store.session?.path ?? [];
    const { batch } = store;
    if (!batch || batch.id !== null) return path;
    const before = batch.stage === 0 ? [] : path;
    const { stage, total_count } = batch;
    return [...before, { batch_id: null, stage, name: store.stageName(stage), total_count }];
  }

  visited({ batch_id: id, name, total_count: count }) {
    const here = id === (store.batch?.id ?? null);
    const label = [`${name} `, h("span", { class: "v-number" }, String(count))];
    if (here) return h("li", {}, h("span", { class: "v-crumb", "aria-current": "step" }, label));
    return h(
      "li",
      {},
      h("button", { type: "button", class: "v-crumb", onclick: () => navigate(id) }, label),
    );
  }

  /** A stage not reached yet; the first one leads forward where a grid was made before. */
  ahead({ name, size }, index) {
    const label = [`${name} `, h("span", { class: "v-number" }, String(size))];
    const leads = index === 0 && store.session?.can_forward && store.batch?.id;
    if (leads)
      return h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: "v-crumb", onclick: () => navigate("forward") },
          label,
        ),
      );
    return h("li", {}, h("span", { class: "v-crumb v-ahead" }, label));
  }
}

customElements.define("vibes-breadcrumbs", Breadcrumbs);
