/** One workflow: what it is for, what the studio fills in, what it needs and where it runs. */
import { button, h, hint } from "./dom.js";
import { needs, serverParts, slotParts } from "./workflow-parts.js";
import { removeWorkflow } from "./workflow-acts.js";
import { choose } from "./workflow-choice.js";
import { makesGrids, use } from "./workflow-words.js";

const SOURCES = { own: "yours", shipped: "comes with Vibes" };

export class WorkflowCard {
  /** `refresh` fetches the workflows anew. */
  constructor({ name }, refresh) {
    this.refresh = refresh;
    this.node = h("li", { class: "v-panel v-workflow", "aria-label": name });
  }

  show(workflow) {
    const seen = JSON.stringify(workflow);
    if (seen === this.seen) return;
    this.seen = seen;
    const open = this.node.querySelector("details")?.open ?? false;
    this.node.replaceChildren(head(workflow), ...body(workflow), acts(workflow, this.refresh));
    const details = this.node.querySelector("details");
    if (details) details.open = open;
  }
}

function head({ name, source }) {
  const title = h("h3", { class: "v-cut", title: name }, name);
  return h("header", {}, title, h("span", { class: "v-hint" }, SOURCES[source]));
}

function acts(workflow, refresh) {
  const { name, source } = workflow;
  const quiet = { "data-quiet": true };
  const called = (act) => ({ "aria-label": `${act} ${name}` });
  const file = { href: `/api/workflows/${encodeURIComponent(name)}`, download: `${name}.json` };
  const told = { title: "The file, for the graph editor", ...called("Download") };
  return h(
    "div",
    { class: "v-workflow-acts" },
    makesGrids(workflow) && button("Use", () => choose(name), called("Use")),
    h("a", { class: "v-button", ...quiet, ...file, ...told }, "Download"),
    source === "own" &&
      button("Remove", () => removeWorkflow(workflow, refresh), { ...quiet, ...called("Remove") }),
  );
}

function body(workflow) {
  if (workflow.problem) return [h("p", { class: "v-trouble" }, workflow.problem)];
  return [hint(use(workflow)), ...slotParts(workflow), serverParts(workflow), needs(workflow)];
}
