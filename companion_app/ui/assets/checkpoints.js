/** Tab Checkpoints: the pool of every tier, and where each checkpoint lies and how it does. */
import { Outside, PoolPanel } from "./checkpoints-pool.js";
import { CheckpointTable } from "./checkpoints-table.js";
import { LiveElement, button, flag, h, hint, write } from "./dom.js";
import { hear } from "./events.js";
import { plural } from "./format.js";
import { LiveList } from "./list.js";
import { report } from "./notice.js";
import { pools } from "./pools-state.js";
import { showTab } from "./tabs.js";

const ABOUT =
  "A pool is what the studio may choose from for a tier. Drag a checkpoint from pool to pool to " +
  "have it in both, or use its menu.";
const NO_SERVER =
  "Checkpoints lie on the machines that make the pictures. Add a ComfyUI server, and everything in " +
  "its models/checkpoints folder appears here.";
const NO_CHECKPOINT =
  "Put checkpoints into the models/checkpoints folder of a ComfyUI server; the studio looks again " +
  "every few minutes.";

class Checkpoints extends LiveElement {
  connect(signal) {
    if (!this.panels) this.build();
    this.whenShown(() => this.load());
    hear(["servers", "reset"], () => this.isShown && this.load(), signal);
    pools.addEventListener("change", () => this.render(), { signal });
  }

  build() {
    this.said = hint("");
    this.head = h("header", { class: "v-panel-head" });
    this.head.append(h("div", {}, h("h2", {}, "Checkpoints"), this.said));
    this.about = hint(ABOUT);
    this.panels = h("div", { class: "v-pools" });
    this.list = new LiveList(this.panels, (pool) => new PoolPanel(pool));
    this.outside = new Outside();
    this.table = new CheckpointTable();
    this.none = h("div", { class: "v-empty", hidden: true });
    this.parts = [this.about, this.panels, this.outside.node, this.table.node];
    for (const node of this.parts) node.hidden = true;
    this.replaceChildren(h("vibes-notice"), this.head, ...this.parts, this.none);
  }

  async load() {
    try {
      await pools.refresh();
    } catch (error) {
      report(error, { label: "Try again", run: () => this.load() });
    }
  }

  render() {
    const { pools: tiers, checkpoints, fleet } = pools;
    const isNone = checkpoints.length === 0;
    for (const node of [this.head, ...this.parts]) flag(node, "hidden", isNone);
    flag(this.none, "hidden", !isNone);
    write(
      this.said,
      `${plural(checkpoints.length, "checkpoint")} on ${plural(fleet.length, "server")}`,
    );
    if (isNone) return this.explain(fleet);
    this.list.show(tiers.map((pool) => ({ ...pool, id: pool.tier })));
    this.outside.show(pools.idle);
    return this.table.render();
  }

  explain(fleet) {
    const [title, text, act] = fleet.length
      ? ["No checkpoint yet", NO_CHECKPOINT, "See the servers"]
      : ["No server yet", NO_SERVER, "Add a server"];
    const go = button(act, () => showTab("Servers"), { "data-kind": "primary" });
    this.none.replaceChildren(
      h("h2", {}, title),
      h("p", {}, text),
      h("div", { class: "v-actions" }, go),
    );
  }
}

customElements.define("vibes-checkpoints", Checkpoints);
