/** One picture as large as the window allows; Z again puts the next one beside it. */
import { show } from "./dialog.js";
import { button, flag, h } from "./dom.js";
import { loraList, modelName } from "./format.js";
import { toggle } from "./picks.js";
import { Rating } from "./rating.js";
import { download } from "./save.js";
import { store } from "./store.js";
import { Why } from "./why.js";

const KEYS = {
  ArrowLeft: (zoom) => zoom.step(-1),
  ArrowRight: (zoom) => zoom.step(1),
  " ": (zoom) => toggle(zoom.ids[zoom.at]),
  z: (zoom) => zoom.compare(),
  Enter: (zoom) => zoom.dialog.close(),
};

/** Show `id` among `ids`; `onclose` receives the id looked at last. */
export function openZoom(ids, id, onclose) {
  const zoom = new Zoom(ids, ids.indexOf(id));
  show(zoom.dialog, () => {
    zoom.rating.flush();
    zoom.lifetime.abort();
    onclose(ids[zoom.at]);
  });
}

class Zoom {
  lifetime = new AbortController();
  /** The picture held on the left while comparing; null when one is shown alone. */
  held = null;

  constructor(ids, at) {
    Object.assign(this, { ids, at });
    this.panes = h("div", { class: "v-panes" });
    const first = { "data-kind": "primary", autofocus: true };
    this.pick = button("", () => toggle(ids[this.at]), first);
    this.both = button("Compare", () => this.compare());
    const save = button("Save original", () => download(store.image(ids[this.at])));
    const close = button("✕", () => this.dialog.close(), {
      class: "v-button v-icon",
      "aria-label": "Close",
    });
    this.place = h("span", { class: "v-place" });
    this.rating = new Rating();
    const tools = h(
      "div",
      { class: "v-tools" },
      ...[this.place, this.rating.stars.node, this.rating.more],
      ...[this.pick, this.both, save, close],
    );
    const previous = button("‹", () => this.step(-1), {
      class: "v-button v-step",
      "aria-label": "Previous picture",
    });
    const next = button("›", () => this.step(1), {
      class: "v-button v-step",
      "aria-label": "Next picture",
    });
    this.dialog = h(
      "dialog",
      { class: "v-zoom", "aria-label": "Picture" },
      tools,
      h("div", { class: "v-floor" }, previous, this.panes, next, this.rating.details),
    );
    this.dialog.addEventListener("keydown", (event) => this.pressed(event));
    this.render();
    store.watch(["image"], () => this.renderPick(), this.lifetime.signal);
  }

  pressed(event) {
    if (event.target.matches("input, textarea")) return;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (!event.repeat && this.rating.key(event.key)) return event.preventDefault();
    const run = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!run) return;
    if (
      event.target.matches("button") &&
      (event.key === "Enter" || event.key === " ") &&
      event.target !== this.pick
    )
      return;
    event.preventDefault();
    run(this);
  }

  step(by) {
    const count = this.ids.length;
    do this.at = (this.at + by + count) % count;
    while (this.at === this.held && count > 1);
    this.render();
  }

  compare() {
    if (this.held !== null) this.held = null;
    else if (this.ids.length > 1) return this.hold();
    this.render();
  }

  /** Hold this picture on the left; beside it comes the next pick, or else the next picture. */
  hold() {
    this.held = this.at;
    const others = this.ids
      .map((_, index) => (this.held + 1 + index) % this.ids.length)
      .slice(0, -1);
    this.at =
      others.find((index) => store.image(this.ids[index])?.selection === "selected") ?? others[0];
    this.render();
  }

  render() {
    const shown = this.held === null ? [this.at] : [this.held, this.at];
    this.panes.replaceChildren(...shown.map((index) => pane(store.image(this.ids[index]))));
    this.place.textContent = `${this.at + 1} of ${this.ids.length}`;
    this.rating.about(store.image(this.ids[this.at]));
    flag(this.both, "aria-pressed", String(this.held !== null));
    this.renderPick();
  }

  renderPick() {
    const selected = store.image(this.ids[this.at])?.selection === "selected";
    this.pick.textContent = selected ? "Picked" : "Pick";
    flag(this.panes.lastElementChild, "data-selected", selected);
  }
}

function pane(image) {
  const caption = `${modelName(image.checkpoint)} · ${loraList(image.loras) || "no LoRA"} · seed ${image.seed}`;
  const picture = h("img", {
    src: image.url,
    alt: `Picture ${image.index + 1}`,
    width: image.width,
    height: image.height,
  });
  return h(
    "figure",
    {},
    picture,
    h(
      "figcaption",
      {},
      h("span", {}, caption),
      image.reason && reasons(image),
    ),
  );
}

function reasons(image) {
  const why = new Why();
  why.about(image);
  why.open();
  return why.node;
}
