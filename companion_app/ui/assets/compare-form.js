/** A comparison is asked for: which LoRA at which strength on either side, and for what. */
import { get, post } from "./api.js";
import { Result } from "./compare-result.js";
import { compare, strengthOf } from "./compare-sides.js";
import { field, show } from "./dialog.js";
import { button, flag, h } from "./dom.js";
import { familyName, loraText, modelName } from "./format.js";
import { profileNow } from "./lora-blocks.js";
import { studioPrompt } from "./lora-prompt.js";

const NOTHING = "no LoRA";
const NO_PROMPT = "Say what the two pictures should show.";
/** One session holds all comparisons of this page, so that the list of sessions stays short. */
let session = null;

/** Open the dialog on what lies in the tray. */
export async function openComparison() {
  const form = new CompareForm();
  show(form.dialog, () => form.result.leave());
  await form.offerCheckpoints();
}

class CompareForm {
  constructor() {
    this.result = new Result();
    const [first, second = null] = compare.loras;
    this.sides = [new Side("A", first), new Side("B", second)];
    this.prompt = h("textarea", { rows: "3", required: true, autofocus: true });
    this.prompt.value = studioPrompt();
    this.checkpoint = h("select", { class: "v-select" });
    this.seed = h("input", { inputmode: "numeric", placeholder: "random", autocomplete: "off" });
    this.trouble = h("p", { class: "v-trouble", role: "alert" });
    this.go = h("button", { type: "submit", class: "v-button", "data-kind": "primary" });
    this.go.append("Generate two");
    const form = h(
      "form",
      { novalidate: true },
      h(
        "div",
        { class: "v-duel" },
        this.sides.map(({ node }) => node),
      ),
      field("Prompt", this.prompt),
      field("Checkpoint", this.checkpoint),
      field("Seed, the same for both", this.seed),
      this.trouble,
      this.go,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.generate();
    });
    this.prompt.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.generate();
    });
    this.dialog = this.frame(form);
  }

  frame(form) {
    const close = button("✕", () => this.dialog.close(), {
      class: "v-button v-icon",
      "aria-label": "Close",
    });
    const head = h("header", { class: "v-panel-head" }, h("h2", {}, "A or B?"), close);
    const body = h("div", { class: "v-compare-body" }, form, this.result.node);
    return h("dialog", { class: "v-dialog v-compare", "aria-label": "A or B?" }, head, body);
  }

  /** Only checkpoints that suit both LoRAs; which those are may be unknown. */
  async offerCheckpoints() {
    try {
      const all = await get("/api/checkpoints");
      const { families } = compare;
      const fitting = all.filter(
        ({ family, servers }) =>
          servers.length && families.every((one) => !family || one === family),
      );
      const options = fitting.map(({ name }) => h("option", { value: name }, modelName(name)));
      this.checkpoint.replaceChildren(...options);
      if (!fitting.length)
        this.complain(
          compare.quarrel ?? `No server has a checkpoint for ${familyName(families[0])}.`,
        );
    } catch (error) {
      this.complain(error.message);
    }
  }

  get request() {
    const seed = this.seed.value.trim();
    const [a, b] = this.sides.map((side) => side.wish);
    return {
      prompt: this.prompt.value.trim(),
      profile: profileNow(),
      ...{ a, b },
      ...(this.checkpoint.value && { checkpoint: this.checkpoint.value }),
      ...(seed && { seed: Number(seed) }),
      ...(session?.profile === profileNow() && { session_id: session.id }),
    };
  }

  /** Why it cannot be asked yet; null when it can. */
  objection({ prompt, seed = 0 }) {
    if (!prompt) return [NO_PROMPT, this.prompt];
    if (!(Number.isSafeInteger(seed) && seed >= 0))
      return ["A seed is a whole number from 0; leave it empty for a random one.", this.seed];
    const vague = this.sides.find(({ isClear }) => !isClear);
    return vague ? ["A strength is a number from −3 to 3.", vague.strength] : null;
  }

  async generate() {
    if (this.busy) return;
    const { request } = this;
    const [sentence, input] = this.objection(request) ?? [""];
    this.complain(sentence);
    if (sentence) return input.focus();
    this.setBusy(true);
    try {
      const made = await post("/api/compare", request);
      session = { id: made.session_id, profile: request.profile };
      await this.result.follow(
        made.batch_id,
        this.sides.map((side) => side.spoken),
      );
    } catch (error) {
      if (error.status === 404) session = null; // deleted meanwhile: the next one opens another
      this.complain(error.message);
    } finally {
      this.setBusy(false);
    }
  }

  complain(sentence) {
    this.trouble.textContent = sentence;
  }

  setBusy(on) {
    this.busy = on;
    flag(this.go, "aria-disabled", on ? "true" : null);
  }
}

/** What one of the two pictures is made with. */
class Side {
  constructor(letter, lora) {
    this.choice = h("select", { class: "v-select", "aria-label": `LoRA of ${letter}` });
    const options = compare.loras.map(({ name, title }) =>
      h("option", { value: name }, title ?? modelName(name)),
    );
    this.choice.append(...options, h("option", { value: "" }, NOTHING));
    this.choice.value = lora?.name ?? "";
    this.strength = h("input", { type: "number", step: "0.05", min: "-3", max: "3" });
    this.strength.setAttribute("aria-label", `Strength of ${letter}`);
    this.choice.addEventListener("change", () => this.render());
    const name = h("b", { class: "v-duel-side-name", "aria-hidden": "true" }, letter);
    this.node = h("div", { class: "v-duel-side", role: "group", "aria-label": letter });
    this.node.append(name, this.choice, this.strength);
    this.render();
  }

  render() {
    const lora = compare.loras.find(({ name }) => name === this.choice.value);
    flag(this.strength, "hidden", !lora);
    if (lora && !this.strength.value) this.strength.value = strengthOf(lora);
  }

  get isClear() {
    return !this.choice.value || (this.strength.value !== "" && this.strength.validity.valid);
  }

  get wish() {
    const { value: name } = this.choice;
    return { loras: name ? [{ name, strength: this.strength.valueAsNumber }] : [] };
  }

  get spoken() {
    const [lora] = this.wish.loras;
    return lora ? loraText(lora) : NOTHING;
  }
}
