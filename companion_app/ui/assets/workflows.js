/** Tab Workflows: those there are, and bringing one's own by choosing or dropping a file. */
import { get } from "./api.js";
import { LiveElement, button, flag, h, hint, write } from "./dom.js";
import { hear } from "./events.js";
import { LiveList } from "./list.js";
import { report, say } from "./notice.js";
import "./workflow-brought.js";
import { WorkflowCard } from "./workflow-card.js";
import { choose, workflow as choice } from "./workflow-choice.js";

const REFRESH_MS = 10_000;
const KINDS = ".json,.png,.webp,application/json,image/png,image/webp";
const DROP =
  "Drop a workflow here: a file of ComfyUI's graph editor, its API export, or a picture made with it.";

class Workflows extends LiveElement {
  workflows = null;

  connect(signal) {
    if (!this.cards) this.build(); // moved, not new: what is typed stays
    this.whenShown(() => this.load());
    this.every(REFRESH_MS, () => this.load());
    hear(["servers", "reset"], () => this.load(), signal);
    const drop = { dragover: "over", dragleave: "left", drop: "dropped" };
    for (const [type, handler] of Object.entries(drop))
      this.addEventListener(type, (event) => this[handler](event), { signal });
  }

  build() {
    this.said = hint("");
    this.picker = h("input", { type: "file", accept: KINDS, hidden: true, "aria-label": "File" });
    this.picker.addEventListener("change", () => this.picked());
    this.add = button("Add a workflow", () => this.picker.click(), { "data-kind": "primary" });
    const title = h("div", {}, h("h2", {}, "Workflows"), this.said);
    this.head = h("header", { class: "v-panel-head" }, title, this.add, this.picker);
    this.brought = h("vibes-workflow-brought");
    this.brought.addEventListener("added", ({ detail }) => this.added(detail));
    this.brought.addEventListener("closed", () => this.add.focus());
    this.first = lesson();
    this.drop = h("p", { class: "v-drop" }, DROP);
    this.cards = h("ul", { class: "v-servers v-workflows", "aria-label": "Workflows" });
    this.list = new LiveList(this.cards, (one) => new WorkflowCard(one, () => this.load()));
    this.replaceChildren(
      ...[h("vibes-notice"), this.head, this.brought, this.drop, this.first, this.cards],
    );
  }

  async load() {
    if (!this.isShown) return;
    try {
      this.workflows = await get("/api/workflows");
      choice.know(this.workflows);
      this.render();
    } catch (error) {
      report(error, { label: "Try again", run: () => this.load() });
    }
  }

  render() {
    const { workflows } = this;
    const own = workflows.filter(({ source }) => source === "own").length;
    const shipped = `${workflows.length - own} that come with Vibes`;
    write(this.said, own ? `${own} of yours, ${shipped}` : shipped);
    flag(this.first, "hidden", own > 0);
    this.brought.taken = workflows.map(({ name }) => name);
    this.list.show(workflows.map((one) => ((one.id = `${one.source} ${one.name}`), one)));
  }

  picked() {
    const [file] = this.picker.files;
    if (file) this.brought.bring(file);
    this.picker.value = ""; // the same file may be brought again
  }

  over(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    flag(this.drop, "data-over", true);
  }

  left({ relatedTarget }) {
    if (!this.contains(relatedTarget)) flag(this.drop, "data-over", null);
  }

  dropped(event) {
    flag(this.drop, "data-over", null);
    const files = event.dataTransfer?.files ?? [];
    if (files.length === 0) return;
    event.preventDefault();
    this.brought.bring(files[0]);
    if (files.length > 1) say(`${files[0].name} comes first; bring the others after it.`);
  }

  added({ name, starts_from: start }) {
    const use = start === "noise" ? { label: "Use it", run: () => choose(name) } : null;
    say(`${name} is added.`, { action: use });
    this.load();
  }
}

/** What to do in the graph editor, where nothing was brought yet. */
function lesson() {
  const example = { href: "/api/workflows/your-own-workflow", download: "your-own-workflow.json" };
  return h(
    "section",
    { class: "v-panel v-lesson", "aria-label": "How to bring your own workflow" },
    h("h3", {}, "Bring your own ComfyUI workflow"),
    h(
      "ol",
      {},
      step("Studio Input", "before each input the studio may fill", [
        ["slot", "prompt"],
        ["value", "a boat at dusk"],
      ]),
      step("Studio Output", "in place of Save Image", [["images", "●"]]),
    ),
    hint(
      "Mark at least prompt, seed and checkpoint; whatever you leave out stays as it is. Both nodes " +
        "come with the node pack; servers without it run your workflow, too.",
    ),
    h("p", {}, h("a", { class: "v-button", ...example }, "Download the example")),
  );
}

/** A node as the editor draws it, and where it goes. */
function step(name, where, rows) {
  const line = ([label, value]) => h("span", {}, h("span", {}, label), h("b", {}, value));
  const node = { class: "v-node", "aria-hidden": "true" };
  const drawn = h("div", node, h("strong", {}, name), rows.map(line));
  return h("li", {}, drawn, h("p", {}, h("em", {}, name), ` ${where}`));
}

customElements.define("vibes-workflows", Workflows);
