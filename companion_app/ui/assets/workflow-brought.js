/** A workflow that was brought: looked at first, then added under a name. */
import { upload } from "./api.js";
import { field } from "./dialog.js";
import { button, flag, h, hint } from "./dom.js";
import { serverParts, slotParts } from "./workflow-parts.js";
import { proposeName, use } from "./workflow-words.js";

const PATH = "/api/workflows/file";
const NO_NAME = "Give it a name: letters, digits, _ and -.";

class Brought extends HTMLElement {
  /** Names that are taken. */
  taken = [];
  file = null;

  /** Look at a file: shows what the studio would make of it, or all that is in the way. */
  async bring(file) {
    this.file = file;
    this.fill(h("p", { class: "v-hint", role: "status" }, `Looking at ${file.name} …`));
    let found, refusal;
    try {
      found = await upload(`${PATH}?look=true`, file);
    } catch (error) {
      refusal = error;
    }
    if (this.file !== file) return; // another one was brought meanwhile
    if (refusal) this.showProblems(refusal);
    else this.showForm(found);
  }

  showProblems({ message, problems = [message] }) {
    const count = problems.length > 1 ? `${problems.length} things are` : "One thing is";
    const lines = problems.map((problem) => h("li", {}, problem));
    const told = [
      h("h3", {}, `${this.file.name} cannot be used yet`),
      hint(`${count} in the way. Change it in the graph editor and bring it again.`),
      h("ul", { class: "v-problems" }, lines),
    ];
    this.fill(
      h("div", { role: "alert" }, told), // its own role: that of a list stays the list's
      h("div", { class: "v-form-acts" }, button("Close", () => this.close())),
    );
  }

  showForm(found) {
    const name = h("input", { name: "name", maxlength: "60", autocomplete: "off" });
    Object.assign(name, { spellcheck: false, value: proposeName(this.file.name, this.taken) });
    const said = h("p", { class: "v-found", role: "status" });
    const add = h("button", { type: "submit", class: "v-button", "data-kind": "primary" }, "Add");
    const acts = [add, button("Discard", () => this.close(), { "data-quiet": true }), said];
    const form = h(
      "form",
      { class: "v-brought", novalidate: true },
      h("div", { class: "v-form-main" }, field("Name", name)),
      hint(use(found)),
      ...slotParts(found),
      serverParts(found),
      h("div", { class: "v-form-acts" }, acts),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.add(name, said, add);
    });
    form.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    this.fill(h("h3", {}, `${this.file.name} can be used`), form);
    name.select();
    name.focus({ preventScroll: true });
  }

  async add(name, said, go) {
    const wanted = name.value.trim();
    if (go.getAttribute("aria-disabled")) return;
    if (!wanted) return complain(said, name, NO_NAME);
    flag(go, "aria-disabled", "true");
    try {
      const query = new URLSearchParams({ name: wanted });
      const added = await upload(`${PATH}?${query}`, this.file);
      this.close();
      this.dispatchEvent(new CustomEvent("added", { detail: added }));
    } catch (error) {
      complain(said, name, error.message);
    } finally {
      flag(go, "aria-disabled", null);
    }
  }

  fill(...content) {
    const panel = { class: "v-panel", "aria-label": "The workflow you brought" };
    this.replaceChildren(h("section", panel, content));
  }

  close() {
    this.file = null;
    this.replaceChildren();
    this.dispatchEvent(new CustomEvent("closed"));
  }
}

function complain(said, name, sentence) {
  said.textContent = sentence;
  flag(said, "data-kind", "bad");
  name.focus();
}

customElements.define("vibes-workflow-brought", Brought);
