/** Tab Servers: how each server is, what it can make, and adding another. */
import { get } from "./api.js";
import { LiveElement, button, flag, h, hint, table, write } from "./dom.js";
import { hear } from "./events.js";
import { modelName, percent, plural } from "./format.js";
import { LiveList } from "./list.js";
import { report, say } from "./notice.js";
import { queue } from "./queue-state.js";
import { ServerCard } from "./server-card.js";
import "./server-form.js";

const REFRESH_MS = 5000;
const PAUSE_MS = 1000;
const FIRST =
  "Pictures are made by ComfyUI, on this machine or any other it can reach. Start it there and " +
  "write its address here; Test says whether it can be used.";

class Servers extends LiveElement {
  servers = null;
  rates = {};
  told = 0;
  /** The form to add a server is wanted. */
  adding = false;

  connect(signal) {
    if (!this.cards) this.build(); // moved, not new: what is typed stays
    this.whenShown(() => this.load());
    this.every(REFRESH_MS, () => this.load());
    this.every(1000, () => this.render());
    hear(["servers", "reset"], () => this.load({ faults: true }), signal);
    hear(["image", "queue"], () => this.follow(), signal);
    queue.addEventListener("change", () => this.renderCards(), { signal });
  }

  build() {
    const refresh = ({ shown } = {}) => (shown ? this.render() : this.load({ faults: true }));
    this.said = hint("");
    this.add = button("Add a server", () => this.open(!this.adding), { "data-kind": "primary" });
    this.head = h(
      "header",
      { class: "v-panel-head" },
      h("div", {}, h("h2", {}, "Servers"), this.said),
    );
    this.head.append(this.add);
    this.form = h("vibes-server-form");
    this.form.addEventListener("added", ({ detail }) => this.added(detail));
    this.form.addEventListener("closed", () => this.open(false));
    this.first = h("div", { class: "v-empty" });
    this.first.append(h("h2", {}, "Add your first ComfyUI server"), h("p", {}, FIRST));
    this.adder = h(
      "section",
      { class: "v-panel v-adder", "aria-label": "Add a server" },
      this.form,
    );
    const demo = h("code", {}, "vibes demo");
    this.demo = h(
      "p",
      { class: "v-demo" },
      "No server at hand? ",
      demo,
      " brings two that need no GPU.",
    );
    this.cards = h("ul", { class: "v-servers", "aria-label": "Servers" });
    this.list = new LiveList(this.cards, (server) => new ServerCard(server, refresh));
    this.models = h("section", { class: "v-panel" });
    this.replaceChildren(
      ...[h("vibes-notice"), this.head, this.first, this.adder, this.demo, this.cards, this.models],
    );
  }

  async load({ faults = false } = {}) {
    if (!this.isShown) return;
    try {
      const [servers, rates] = await Promise.all([get("/api/gpus"), get("/api/checkpoints/stats")]);
      Object.assign(this, { servers, rates, told: Date.now() });
      this.render();
      queue.refresh();
      if (faults) for (const card of this.list.views.values()) card.faults.refresh();
    } catch (error) {
      report(error, { label: "Try again", run: () => this.load() });
    }
  }

  /** Images begin and end: see before long what that means for the servers. */
  follow() {
    this.following ??= setTimeout(() => {
      this.following = null;
      this.load();
    }, PAUSE_MS);
  }

  open(adding) {
    this.adding = adding;
    this.render();
    (adding ? this.form.url : this.add).focus();
  }

  added({ name }) {
    this.adding = false;
    say(`${name} is added.`);
    this.load();
  }

  render() {
    const { servers } = this;
    if (!servers) return;
    const none = servers.length === 0;
    this.form.taken = servers.map(({ name }) => name);
    for (const node of [this.first, this.demo]) flag(node, "hidden", !none);
    flag(this.head, "hidden", none);
    flag(this.adder, "hidden", !none && !this.adding);
    flag(this.form.cancel, "hidden", none);
    this.add.setAttribute("aria-expanded", String(this.adding));
    write(this.said, counted(servers));
    this.renderCards();
    this.renderModels();
  }

  renderCards() {
    if (!this.servers || !this.isShown) return;
    const since = (Date.now() - this.told) / 1000;
    this.list.show(
      this.servers.map((server) => ((server.id = server.name), server)),
      since,
    );
  }

  renderModels() {
    const names = [...new Set(this.servers.flatMap((server) => server.checkpoints))].sort();
    flag(this.models, "hidden", names.length === 0);
    const seen = JSON.stringify([names, this.rates, this.servers.map((one) => one.checkpoints)]);
    if (seen === this.seen) return;
    this.seen = seen;
    const title = `${plural(names.length, "checkpoint")} on ${plural(this.servers.length, "server")}`;
    const rows = names.map((name) => line(name, this.servers, this.rates[name]));
    const content = table(["Checkpoint", "On", "Picked", "Rate"], rows);
    this.models.replaceChildren(h("h3", {}, title), content);
  }
}

/** "3 of 4 can be used · 61 pictures a minute". */
function counted(servers) {
  const usable = servers.filter(({ state, draining }) => state !== "offline" && !draining);
  const rate = usable.reduce((sum, server) => sum + (server.images_per_minute ?? 0), 0);
  const parts = [`${usable.length} of ${servers.length} in use`];
  if (rate) parts.push(`${Math.round(rate)} pictures a minute at their best`);
  return parts.join(" · ");
}

function line(name, servers, { selected = 0, total = 0, selection_rate: rate = 0 } = {}) {
  const has = servers.filter((server) => server.checkpoints.includes(name));
  const where =
    has.length === servers.length && has.length > 2 ? ["all of them"] : has.map((one) => one.name);
  const bar = h("div", { class: "v-rate" }, h("i", {}));
  bar.style.setProperty("--rate", rate);
  const share = h(
    "div",
    { class: "v-rate-cell" },
    bar,
    h("span", { class: "v-number" }, percent(rate)),
  );
  return h(
    "tr",
    {},
    h("th", { scope: "row", title: name }, modelName(name)),
    h("td", {}, where.join(", ")),
    h("td", { class: "v-number" }, total ? `${selected} of ${total}` : "not shown yet"),
    h("td", {}, total > 0 && share),
  );
}

customElements.define("vibes-servers", Servers);
