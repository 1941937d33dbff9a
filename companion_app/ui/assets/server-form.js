/** Add a server: try the address first, then add it. What is typed stays until it is added. */
import { post } from "./api.js";
import { LiveElement, button, flag, h, hint } from "./dom.js";
import { field } from "./dialog.js";
import { asAddress, probeWords, proposeName } from "./server-words.js";

const NAMES = "[\\w.\\-]+";
const NO_ADDRESS = "Write the address ComfyUI is opened at, as in http://192.168.1.20:8188.";

class ServerForm extends LiveElement {
  /** Names that are taken. */
  taken = [];
  /** The last name this form proposed; a name typed by hand is left alone. */
  proposed = "";
  /** What the last test of these values gave: null, {ok: true, …} or {ok: false, reason}. */
  found = null;

  connect() {
    if (this.form) return; // moved, not new: what is typed stays
    this.build();
    this.form.addEventListener("input", ({ target }) => this.typed(target));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.add();
    });
    this.form.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  build() {
    this.url = h("input", {
      name: "url",
      placeholder: "http://192.168.1.20:8188",
      inputmode: "url",
    });
    this.name = h("input", {
      name: "name",
      placeholder: "studio-1",
      maxlength: "60",
      pattern: NAMES,
    });
    this.ca = h("input", { name: "ca_file", placeholder: "/etc/ssl/my-ca.pem" });
    for (const input of [this.url, this.name, this.ca])
      Object.assign(input, { autocomplete: "off", spellcheck: false });
    this.name.title = "Letters, digits, dot, _ and -";
    this.headers = h("div", { class: "v-headers" });
    this.test = button("Test", () => this.probe());
    this.submit = h("button", { type: "submit", class: "v-button", "data-kind": "primary" }, "Add");
    this.cancel = button("Close", () => this.close(), { "data-quiet": true });
    this.result = h("p", { class: "v-found", role: "status" });
    this.form = h(
      "form",
      { class: "v-server-form", novalidate: true },
      h("div", { class: "v-form-main" }, field("Address", this.url), field("Name", this.name)),
      this.more(),
      h("div", { class: "v-form-acts" }, this.test, this.submit, this.cancel, this.result),
    );
    this.replaceChildren(this.form);
  }

  more() {
    const what = hint("Sent with every request; values are kept on the studio's disk only.");
    const another = button("Add a header", () => this.addHeader().focus(), { "data-quiet": true });
    return h(
      "details",
      { class: "v-more" },
      h("summary", {}, h("i", { class: "v-chevron" }), "Password, proxy or own certificate"),
      h("div", { class: "v-more-body" }, what, this.headers, another),
      field("CA file, as the studio's machine sees it (for https)", this.ca),
    );
  }

  addHeader() {
    const name = h("input", { placeholder: "Authorization", "aria-label": "Header name" });
    const value = h("input", {
      type: "password",
      autocomplete: "new-password",
      placeholder: "value",
      "aria-label": "Header value",
    });
    const drop = button("✕", () => (row.remove(), this.renderFound(null)), {
      class: "v-button v-icon",
      "aria-label": "Remove this header",
    });
    const row = h("div", { class: "v-header" }, name, value, drop);
    this.headers.append(row);
    return name;
  }

  typed(target) {
    if (target === this.url && this.name.value === this.proposed) {
      this.proposed = proposeName(asAddress(this.url.value), this.taken);
      this.name.value = this.proposed;
    }
    if (target !== this.name) this.renderFound(null);
    else if (!this.found) this.say("");
  }

  /** What POST /api/gpus takes. */
  get values() {
    const pairs = [...this.headers.children].map((row) =>
      [...row.querySelectorAll("input")].map((input) => input.value.trim()),
    );
    const headers = Object.fromEntries(pairs.filter(([name]) => name));
    const ca = this.ca.value.trim();
    return {
      name: this.name.value.trim(),
      url: asAddress(this.url.value),
      ...(Object.keys(headers).length && { headers }),
      ...(ca && { ca_file: ca }),
    };
  }

  /** Ask the address what it is; true when a ComfyUI answers. */
  async probe() {
    const { name, ...wanted } = this.values;
    if (!wanted.url) return this.complain(NO_ADDRESS, this.url);
    this.say("Asking it …");
    this.setBusy(true);
    let found;
    try {
      found = await post("/api/gpus/test", wanted);
    } catch (error) {
      found = { ok: false, reason: error.message };
    }
    this.setBusy(false);
    this.renderFound(found);
    return found.ok;
  }

  /** Add it; an address that was not tried yet is tried first. */
  async add() {
    if (this.busy) return;
    const { name } = this.values;
    if (!this.found && !(await this.probe())) return;
    if (!name) return this.complain("Give it a name, as in studio-1.", this.name);
    this.setBusy(true);
    try {
      const server = await post("/api/gpus", this.values);
      this.clear();
      this.dispatchEvent(new CustomEvent("added", { detail: server }));
    } catch (error) {
      this.complain(error.message, error.status === 409 ? this.name : this.url);
    } finally {
      this.setBusy(false);
    }
  }

  renderFound(found) {
    this.found = found;
    this.submit.textContent = found && !found.ok ? "Add anyway" : "Add";
    if (found) this.say(found.ok ? probeWords(found) : found.reason, found.ok ? "good" : "bad");
    else this.say("");
  }

  complain(sentence, input) {
    this.say(sentence, "bad");
    input.focus();
    return false;
  }

  say(sentence, kind = null) {
    this.result.textContent = sentence;
    flag(this.result, "data-kind", kind);
  }

  setBusy(on) {
    this.busy = on;
    for (const node of [this.test, this.submit]) flag(node, "aria-disabled", on ? "true" : null);
  }

  clear() {
    this.form.reset();
    this.headers.replaceChildren();
    this.proposed = "";
    this.renderFound(null);
  }

  close() {
    this.dispatchEvent(new CustomEvent("closed"));
  }
}

customElements.define("vibes-server-form", ServerForm);
