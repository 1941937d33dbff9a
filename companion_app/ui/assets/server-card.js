/** One server: how it is, what it makes, what it has, how fast it is, what went wrong. */
import { button, flag, h, write } from "./dom.js";
import { modelName, plural } from "./format.js";
import { queue } from "./queue-state.js";
import { PHASES, firstWords } from "./queue-words.js";
import { drain, removeServer } from "./server-acts.js";
import { Faults } from "./server-faults.js";
import { SOURCES, machineWords, memoryWords, queueWords, reasonWords } from "./server-words.js";
import { shortAddress, speedWords, stateWords, switchWords } from "./server-words.js";

export class ServerCard {
  /** `refresh` fetches the servers anew, or with {shown: true} draws them from what is known. */
  constructor({ name }, refresh) {
    this.name = h("h3", { class: "v-cut" }, name);
    this.state = h("span", { class: "v-state" });
    this.where = h("p", { class: "v-hint v-cut" });
    this.reason = h("p", { class: "v-reason" });
    this.drain = button("", () => drain(this.server, refresh), { "data-quiet": true });
    this.remove = button("Remove", () => removeServer(this.server, refresh), {
      "data-quiet": true,
    });
    this.faults = new Faults(name);
    this.node = h(
      "li",
      { class: "v-panel v-server", "aria-label": name },
      h(
        "header",
        {},
        this.name,
        this.state,
        h("span", { class: "v-server-acts" }, this.drain, this.remove),
      ),
      this.where,
      this.reason,
      this.making(),
      this.facts(),
      this.checkpoints(),
      this.faults.node,
    );
  }

  making() {
    this.what = h("span", { class: "v-cut" });
    this.step = h("span", { class: "v-hint v-number" });
    this.share = h("i");
    const bar = h("div", { class: "v-meter", "aria-hidden": "true" }, this.share);
    this.now = h("div", { class: "v-making" }, this.what, this.step, bar);
    return this.now;
  }

  facts() {
    this.used = h("i");
    this.memory = h("span");
    this.values = Object.fromEntries(
      ["Queue", "Warm", "Speed", "Machine", "Source"].map((name) => [
        name,
        h("dd", { class: "v-number" }),
      ]),
    );
    const bar = h("div", { class: "v-meter", "aria-hidden": "true" }, this.used);
    const memory = h("dd", { class: "v-number v-memory" }, this.memory, bar);
    const { Queue, ...others } = this.values;
    const all = Object.entries({ Queue, Memory: memory, ...others });
    return h(
      "dl",
      {},
      all.flatMap(([name, value]) => [h("dt", {}, name), value]),
    );
  }

  checkpoints() {
    this.models = h("ul", { class: "v-models" });
    this.modelCount = h("span");
    const summary = h("summary", {}, h("i", { class: "v-chevron" }), this.modelCount);
    this.modelNode = h("details", { class: "v-more" }, summary, this.models);
    return this.modelNode;
  }

  /** `since` is how many seconds ago `server` was told. */
  show(server, since) {
    this.server = server;
    const { name, url, draining, source, loaded_checkpoint: warm } = server;
    write(this.state, stateWords(server));
    this.state.dataset.state = server.resting_seconds || draining ? "draining" : server.state;
    write(this.where, shortAddress(url));
    this.where.title = url;
    write(this.reason, reasonWords(server, since));
    write(this.drain, draining ? "Use again" : "Drain");
    this.drain.setAttribute("aria-label", `${this.drain.textContent}: ${name}`);
    this.drain.title = draining ? "Give it pictures again" : "Let it finish, give it nothing new";
    this.remove.setAttribute("aria-label", `Remove: ${name}`);
    flag(this.remove, "hidden", source !== "page");
    this.showMemory(server);
    write(this.values.Queue, queueWords(server));
    write(this.values.Warm, warm ? modelName(warm) : "");
    write(this.values.Machine, machineWords(server));
    write(this.values.Source, sourceWords(server));
    this.showSpeeds(server);
    this.showCheckpoints(server);
    this.showMaking(server);
  }

  showMemory(server) {
    const { vram_total: total, vram_free: free } = server;
    write(this.memory, memoryWords(server));
    flag(this.memory.parentElement, "data-none", !total);
    this.used.style.setProperty("--share", total ? (total - (free ?? 0)) / total : 0);
  }

  showSpeeds(server) {
    const change = switchWords(server);
    const { images_per_minute: rate } = server;
    const lines = speedWords(server);
    if (change) lines.push(["another checkpoint", `+ ${change}`]);
    if (rate) lines.push(["lately", `${rate.toFixed(1)} pictures a minute`]);
    const seen = JSON.stringify(lines);
    if (seen === this.seenSpeeds) return;
    this.seenSpeeds = seen;
    const rows = lines.map(([what, text]) =>
      h("div", { class: "v-speed" }, h("span", {}, what), h("span", {}, text)),
    );
    this.values.Speed.replaceChildren(...(rows.length ? rows : ["not measured yet"]));
  }

  showCheckpoints({ checkpoints, loaded_checkpoint: warm }) {
    const seen = JSON.stringify([checkpoints, warm]);
    if (seen === this.seenModels) return;
    this.seenModels = seen;
    flag(this.modelNode, "hidden", checkpoints.length === 0);
    write(this.modelCount, plural(checkpoints.length, "checkpoint"));
    const rows = checkpoints.map((name) =>
      h("li", { title: name, "data-warm": name === warm }, modelName(name)),
    );
    this.models.replaceChildren(...rows);
  }

  /** The picture it renders. */
  showMaking({ name, images = [], state }) {
    const found = queue.underWay.find(({ image }) => image.server === name);
    const idle = !found && images.length === 0;
    flag(this.now, "data-idle", idle);
    flag(this.now, "hidden", idle && state === "offline");
    const { image, batch } = found ?? queue.find(images[0]?.image_id) ?? {};
    const { value, max, index } = image ?? {};
    const steps = max && image.phase === "running" ? `step ${value} of ${max}` : null;
    const what = batch ? `${index + 1} of ${firstWords(batch.prompt)}` : "A picture";
    write(this.what, idle ? "Nothing to render now" : what);
    this.what.title = batch?.prompt ?? "";
    const phase = image?.phase ?? images[0]?.phase;
    write(this.step, idle ? "" : (steps ?? PHASES[phase] ?? ""));
    this.share.style.setProperty("--share", steps ? value / max : 0);
  }
}

function sourceWords({ source, headers = [] }) {
  const sends = headers.length > 0 && `sends ${headers.join(", ")}`;
  return [SOURCES[source], sends].filter(Boolean).join(" · ");
}
