/** Which workflow first grids are made with: chosen under More, shown beside the options. */
import { get } from "./api.js";
import { LiveElement, button, flag, h } from "./dom.js";
import { hush, report } from "./notice.js";
import { showTab } from "./tabs.js";
import { Watched } from "./watched.js";
import { makesGrids } from "./workflow-words.js";

const STANDARD = "Standard";

class Workflow extends Watched {
  /** The chosen one's name; empty is the one of the first stage. */
  value = "";
  /** As GET /api/workflows lists them, those that first grids can be made with. */
  offered = [];

  set(value) {
    if (this.value === value) return;
    this.value = value;
    this.emit("change");
  }

  /** Take note of all the workflows there are; one that is gone is not chosen any more. */
  know(workflows) {
    this.offered = workflows.filter(makesGrids);
    if (!this.offered.some(({ name }) => name === this.value)) this.value = "";
    this.emit("change");
  }

  async load() {
    this.know(await get("/api/workflows"));
  }
}

export const workflow = new Workflow();

/** Make the next grids with it: off to the form. */
export function choose(name) {
  workflow.set(name);
  hush();
  showTab("Studio");
  const prompt = document.querySelector("#vibes-prompt textarea");
  requestAnimationFrame(() => prompt?.focus()); // hidden until the tab is painted
}

class WorkflowChoice extends LiveElement {
  connect(signal) {
    this.select = h("select", {
      ...{ class: "v-select", "aria-label": "Workflow" },
      onchange: ({ target }) => workflow.set(target.value),
    });
    const label = h("span", { "aria-hidden": "true" }, "Workflow");
    this.replaceChildren(h("label", { class: "v-field" }, label, this.select));
    workflow.watch(["change"], () => this.render(), signal);
    this.whenShown(() => this.load());
  }

  async load() {
    try {
      await workflow.load();
    } catch (error) {
      report(error, { label: "Try again", run: () => this.load() });
    }
  }

  render() {
    const own = workflow.offered.filter(({ source }) => source === "own");
    const shipped = workflow.offered.filter(({ source }) => source === "shipped");
    this.select.replaceChildren(
      h("option", { value: "" }, STANDARD),
      ...group("Yours", own),
      ...group("Comes with Vibes", shipped),
    );
    this.select.value = workflow.value;
  }
}

function group(label, workflows) {
  const options = workflows.map(({ name }) => h("option", { value: name }, name));
  return options.length ? [h("optgroup", { label }, options)] : [];
}

/** The choice in sight while More is closed, with the way back. */
class WorkflowSign extends LiveElement {
  connect(signal) {
    this.name = h("span", { class: "v-cut" });
    const away = { class: "v-plain", "aria-label": "Back to the standard workflow" };
    this.replaceChildren(this.name, button("✕", () => workflow.set(""), away));
    workflow.watch(["change"], () => this.render(), signal);
  }

  render() {
    flag(this.closest(".v-host") ?? this, "hidden", !workflow.value);
    this.name.textContent = `with ${workflow.value}`;
    this.title = `First grids are made with the workflow ${workflow.value}`;
  }
}

customElements.define("vibes-workflow-choice", WorkflowChoice);
customElements.define("vibes-workflow-sign", WorkflowSign);
