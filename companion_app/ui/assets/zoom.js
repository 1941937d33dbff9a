/** One picture as large as the window allows; Z again puts the next one beside it. */
import { show } from "./dialog.js";
import { button, flag, h } from "./dom.js";
import { loraList, modelName } from "./format.js";
import { Match } from "./match.js";
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
  s: (zoom) => zoom.match.toggle(),
  Enter: (zoom) => zoom.dialog.close(),
};

/**
 * Show `id` among `ids`; `onclose` receives the id looked at last. Pictures of other grids than the
 * one on screen are `others`, and `onleave` goes to the grid of one. `isMatchOpen` opens the score.
 */
export function openZoom(ids, id, { onclose = () => {}, isMatchOpen = false, ...more } = {}) {
  const zoom = new Zoom(ids, ids.indexOf(id), more);
  if (isMatchOpen) zoom.match.open();
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

  constructor(ids, at, { others = [], onleave = null } = {}) {
    this.others = new Map(others.map((image) => [image.id, image]));
    Object.assign(this, { ids, at });
    this.panes = h("div", { class: "v-panes" });
    const first = { "data-kind": "primary", autofocus: true };
    this.pick = button("", () => toggle(ids[this.at]), first);
    this.both = button("Compare", () => this.compare());
    const save = button("Save original", () => download(this.image));
    this.leave = button("Go to its grid", () => this.left(onleave));
    const close = button("✕", () => this.dialog.close(), {
      class: "v-button v-icon",
      "aria-label": "Close",
    });
    this.place = h("span", { class: "v-place" });
    this.rating = new Rating();
    this.match = new Match();
    const tools = h(
      "div",
      { class: "v-tools" },
      ...[this.place, this.match.more, this.rating.stars.node, this.rating.more],
      ...[this.pick, onleave && this.leave, this.both, save, close].filter(Boolean),
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
      h(
        "div",
        { class: "v-floor" },
        ...[previous, this.panes, next],
        h("div", { class: "v-beside" }, this.match.node, this.rating.details),
      ),
    );
    this.dialog.addEventListener("keydown", (event) => this.pressed(event));
    this.render();
    store.watch(["image"], () => this.renderPick(), this.lifetime.signal);
    store.watch(["scores"], () => this.match.about(this.image), this.lifetime.signal);
  }

  get image() {
    return this.find(this.ids[this.at]);
  }

  /** As the grid on screen has it, or else as it was handed in. */
  find(id) {
    return store.image(id) ?? this.others.get(id);
  }

  left(onleave) {
    const { image } = this;
    this.dialog.close();
    onleave(image);
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
      others.find((index) => this.find(this.ids[index])?.selection === "selected") ?? others[0];
    this.render();
  }

  render() {
    const shown = this.held === null ? [this.at] : [this.held, this.at];
    this.panes.replaceChildren(...shown.map((index) => pane(this.find(this.ids[index]))));
    this.place.textContent = `${this.at + 1} of ${this.ids.length}`;
    this.rating.about(this.image);
    this.match.about(this.image);
    flag(this.both, "aria-pressed", String(this.held !== null));
    this.renderPick();
  }

  renderPick() {
    const isHere = store.image(this.ids[this.at]) !== null;
    const selected = this.image?.selection === "selected";
    flag(this.pick, "hidden", !isHere);
    flag(this.leave, "hidden", isHere);
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
