/** Tab Servers: what each server is doing, why not, and what it can render. */
import { get } from "./api.js";
import { LiveElement, button, h, hint, table } from "./dom.js";
import { gigabytes, modelName, percent, plural } from "./format.js";
import { report, say } from "./notice.js";
import { store } from "./store.js";

const REFRESH_MS = 5000;
const COLUMNS = ["Server", "State", "Queue", "Free memory", "Loaded checkpoint", "Images a minute"];
const SNIPPET = `servers:
  - name: studio-1
    url: http://192.168.1.20:8188
`;

class Servers extends LiveElement {
  connect(signal) {
    this.whenShown(() => this.load());
    store.addEventListener("servers", () => this.load(), { signal });
    const timer = setInterval(() => this.load(), REFRESH_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  async load() {
    if (this.offsetParent === null || document.hidden) return;
    try {
      const [servers, rates] = await Promise.all([get("/api/gpus"), get("/api/checkpoints/stats")]);
      this.render(servers, rates);
    } catch (error) {
      report(error, { label: "Try again", run: () => this.load() });
    }
  }

  render(servers, rates) {
    const content = servers.length ? [list(servers), checkpoints(servers, rates)] : [empty()];
    const notice = this.querySelector("vibes-notice") ?? h("vibes-notice");
    this.replaceChildren(
      notice,
      h("header", { class: "v-panel-head" }, h("h2", {}, "Servers")),
      ...content,
    );
  }
}

function empty() {
  return h(
    "section",
    { class: "v-empty" },
    h("h2", {}, "Add your first ComfyUI server"),
    h("p", {}, "Write its name and address into config/gpus.yaml, then start Vibes again."),
    h("p", {}, "No server at hand? ", h("code", {}, "vibes demo"), " brings two that need no GPU."),
    h("pre", {}, SNIPPET),
    button("Copy", copy),
  );
}

async function copy() {
  try {
    await navigator.clipboard.writeText(SNIPPET);
    say("Copied.");
  } catch {
    say("Copying is not allowed here: select the text instead.");
  }
}

function list(servers) {
  return h("section", { class: "v-panel v-wide" }, table(COLUMNS, servers.map(line)));
}

function line(server) {
  const {
    queue_running: running = 0,
    queue_pending: pending = 0,
    vram_free: free,
    vram_total: total,
  } = server;
  const memory = total ? `${gigabytes(free ?? 0)} of ${gigabytes(total)}` : "–";
  const state = h("span", { class: "v-state", "data-state": server.state }, server.state);
  const reason = server.reason || server.waiting;
  const cells = [
    running + pending ? `${running} running, ${pending} waiting` : "empty",
    memory,
    server.loaded_checkpoint ? modelName(server.loaded_checkpoint) : "–",
    server.images_per_minute ? server.images_per_minute.toFixed(1) : "–",
  ].map((text, index) => h("td", { class: "v-number", "data-label": COLUMNS[index + 2] }, text));
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, server.name, hint(server.url)),
    h("td", { class: "v-full" }, state, reason && hint(reason)),
    ...cells,
  );
}

function checkpoints(servers, rates) {
  const names = [...new Set(servers.flatMap((server) => server.checkpoints))].sort();
  if (names.length === 0) return null;
  const rows = names.map((name) => {
    const where = servers
      .filter((server) => server.checkpoints.includes(name))
      .map((server) => server.name);
    const { selected = 0, total = 0, selection_rate: rate = 0 } = rates[name] ?? {};
    const bar = h("div", { class: "v-rate" }, h("i", {}));
    bar.style.setProperty("--rate", rate);
    return h(
      "tr",
      {},
      h("th", { scope: "row", title: name }, modelName(name)),
      h("td", {}, where.join(", ")),
      h("td", { class: "v-number" }, total ? `${selected} of ${total}` : "not shown yet"),
      h(
        "td",
        {},
        total > 0 &&
          h("div", { class: "v-rate-cell" }, bar, h("span", { class: "v-number" }, percent(rate))),
      ),
    );
  });
  const title = `${plural(names.length, "checkpoint")} on ${plural(servers.length, "server")}`;
  return h(
    "section",
    { class: "v-panel" },
    h("h3", {}, title),
    table(["Checkpoint", "On", "Picked", "Rate"], rows),
  );
}

customElements.define("vibes-servers", Servers);
