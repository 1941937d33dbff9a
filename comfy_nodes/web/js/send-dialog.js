/** The pop-up that sends the open workflow to the studio, under a name. */
import { openDialog } from "./dialog.js";
import { button, field, h } from "./dom.js";
import { nameFrom, refusalWords } from "./send-words.js";
import { StateLine } from "./state-line.js";

export class SendDialog {
  /** `tools` are `{t, server, openStudio, openSettings}`. */
  constructor(tools) {
    this.tools = tools;
  }

  /** Ask for the name of what is open: `{title, workflow, graph}`. */
  open(opened) {
    const { t } = this.tools;
    this.opened = opened;
    this.name = field(t("send.name"), "text", { required: true });
    this.name.input.value = nameFrom(opened.title);
    this.state = new StateLine();
    this.problems = h("ul", { class: "vibes-problems" });
    this.buttons = h("div", { class: "vibes-buttons" });
    const parts = [this.name.node, this.state.node, this.problems, this.buttons];
    const form = h("form", { onsubmit: (event) => this.#submit(event) }, parts);
    this.#offer(this.#sendButton());
    this.node = openDialog(t, t("send.title"), form);
    this.name.input.select();
  }

  #submit(event) {
    event.preventDefault();
    this.#send();
  }

  async #send() {
    const { t, server } = this.tools;
    for (const one of this.buttons.children) one.disabled = true;
    this.problems.replaceChildren();
    this.state.say({ state: "asking", title: t("send.sending") });
    try {
      const { name } = await server.sendWorkflow(this.name.input.value.trim(), this.opened);
      this.#added(name);
    } catch (error) {
      this.#refused(refusalWords(t, error));
    }
  }

  #added(name) {
    const { t, openStudio } = this.tools;
    this.state.say({ state: "ok", title: t("send.added", { name }), detail: t("send.use") });
    this.name.input.disabled = true;
    const open = button(t("form.open"), openStudio);
    this.#offer(open);
    open.focus();
  }

  #refused({ problems, next, ...words }) {
    this.state.say(words);
    this.problems.replaceChildren(...problems.map((problem) => h("li", {}, problem)));
    const settings = next === "settings" ? this.#settingsButton() : null;
    this.#offer(this.#sendButton(), settings);
    if (next === "name") this.name.input.select();
    else (settings ?? this.buttons.firstChild).focus();
  }

  #offer(...buttons) {
    this.buttons.replaceChildren(...buttons.filter(Boolean));
  }

  #sendButton() {
    return button(this.tools.t("send.send"), null, { type: "submit" });
  }

  #settingsButton() {
    const leave = () => {
      this.node.close(); // or it would cover them
      this.tools.openSettings();
    };
    return button(this.tools.t("panel.link"), leave);
  }
}
