/** Forgetting: asked once more with how much it concerns, and undone from the notice after it. */
import { get, post } from "./api.js";
import { ask, field } from "./dialog.js";
import { flag, h, hint, menu, write } from "./dom.js";
import { modelName } from "./format.js";
import { report, say } from "./notice.js";

const KINDS = {
  checkpoint: "A checkpoint",
  lora: "A LoRA",
  keyword: "A word",
  period: "A period",
  everything: "Everything",
};
const SOURCES = { checkpoint: "checkpoint", lora: "lora" };
const PAUSE_MS = 250;

/** Ask what to forget, beginning with `what` ({kind, name}), and do it; `done` runs after it. */
export async function askToForget({ profile, what, done }) {
  const choice = new Choice(profile, what);
  const answer = await ask({
    title: "Forget",
    body: choice.body,
    confirm: "Forget",
    danger: true,
  });
  choice.close();
  const request = answer && choice.request;
  if (!request) return;
  try {
    const { count, undo } = await post("/api/preferences/forget", { ...request, confirm: true });
    await done();
    if (!count) return say("Nothing of that was stored.");
    const action = undo && { label: "Undo", run: () => putBack(undo, done) };
    say(`Forgotten: ${choice.spoken}, in ${judgements(count)}.`, { kind: "done", action });
  } catch (error) {
    report(error);
  }
}

async function putBack(undo, done) {
  try {
    await post("/api/preferences/undo", { undo });
    await done();
    say("It is remembered again.");
  } catch (error) {
    report(error);
  }
}

const judgements = (count) =>
  count === 1 ? "1 grid or rating" : `${count} grids and ratings`;

/** The dialog's fields, and how many grids the present choice concerns. */
class Choice {
  constructor(profile, { kind = "checkpoint", name = "" }) {
    Object.assign(this, { profile, kind });
    const names = Object.values(KINDS);
    this.menu = menu(names, (label) => this.choose(label), { name: "kind", autofocus: !name });
    this.menu.value = KINDS[kind];
    this.known = h("datalist", { id: "vibes-forget-names" });
    this.name = h("input", { name: "name", list: this.known.id, autocomplete: "off" });
    this.name.value = name;
    this.since = h("input", { name: "since", type: "date" });
    this.until = h("input", { name: "until", type: "date" });
    this.nameField = field("Which", this.name);
    this.period = h("div", { class: "v-period" }, field("From", this.since), field("To", this.until));
    this.count = h("p", { role: "status", class: "v-concerned" });
    for (const input of [this.name, this.since, this.until])
      input.addEventListener("input", () => this.changed());
    const whose = profile ? `of profile ${profile}` : "of all profiles";
    this.body = [
      hint(`Taken out of what is stored ${whose}, for good; undo works until the studio stops.`),
      field("What", this.menu),
      this.nameField,
      this.known,
      this.period,
      this.count,
    ];
    this.choose(KINDS[kind]);
  }

  choose(label) {
    this.kind = Object.keys(KINDS).find((kind) => KINDS[kind] === label);
    const named = !["period", "everything"].includes(this.kind);
    flag(this.nameField, "hidden", !named);
    flag(this.period, "hidden", this.kind !== "period");
    this.name.required = named;
    if (SOURCES[this.kind]) this.suggest(SOURCES[this.kind]);
    else this.known.replaceChildren();
    this.changed();
  }

  async suggest(kind) {
    const profile = this.profile ? `&profile=${encodeURIComponent(this.profile)}` : "";
    const rows = await get(`/api/preferences/affinities?type=${kind}&limit=500${profile}`).catch(() => []);
    if (this.kind === kind)
      this.known.replaceChildren(...rows.map(({ key }) => h("option", { value: key })));
  }

  /** The body of the request, without the confirmation; null while something is missing. */
  get request() {
    const whose = this.profile ? { profile: this.profile } : {};
    if (this.kind === "everything") return { ...whose, everything: true };
    if (this.kind === "period") {
      const { since, until } = { since: this.since.value, until: this.until.value };
      if (!since && !until) return null;
      const day = (text, end) => new Date(`${text}T${end}`).toISOString();
      return {
        ...whose,
        ...(since && { since: day(since, "00:00:00.000") }),
        ...(until && { until: day(until, "23:59:59.999") }),
      };
    }
    const name = this.name.value.trim();
    return name ? { ...whose, [this.kind]: name } : null;
  }

  get spoken() {
    if (this.kind === "everything") return "everything";
    if (this.kind === "period") return `${this.since.value || "…"} to ${this.until.value || "…"}`;
    return this.kind === "keyword" ? `“${this.name.value.trim()}”` : modelName(this.name.value.trim());
  }

  changed() {
    clearTimeout(this.timer);
    write(this.count, "");
    this.timer = setTimeout(() => this.tellCount(), PAUSE_MS);
  }

  async tellCount() {
    const { request } = this;
    if (!request) return;
    const asked = (this.asked = {});
    write(this.count, "Counting…");
    try {
      const { count } = await post("/api/preferences/forget", { ...request, confirm: false });
      if (this.asked !== asked) return;
      write(this.count, count ? `This concerns ${judgements(count)}.` : "Nothing of that is stored.");
    } catch (error) {
      if (this.asked === asked) write(this.count, error.message);
    }
  }

  close() {
    clearTimeout(this.timer);
    this.asked = null;
  }
}
