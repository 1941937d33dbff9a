/** Who decides: the studio, the studio with a look beforehand, or the person. */
import { LiveElement, h } from "./dom.js";
import { remembered } from "./place.js";
import { store } from "./store.js";
import { Watched } from "./watched.js";

const MODES = { auto: "Auto", assisted: "Assisted", manual: "Manual" };
const TITLES = {
  auto: "The studio chooses everything",
  assisted: "The studio proposes, you look it over before anything is made",
  manual: "You choose the checkpoint, the LoRAs and the settings",
};
const KEY = "vibes.modes";
/** Sessions whose mode is kept, the newest. */
const KEPT = 100;

/** The mode of the open session, kept in this browser; a session new to it takes the last one. */
class Mode extends Watched {
  kept = new Map(read());
  value = this.of(remembered());

  of(id) {
    return this.kept.get(id) ?? this.kept.get("last") ?? "auto";
  }

  choose(value) {
    this.kept.delete("last");
    this.kept.set("last", value);
    this.keep(value);
  }

  /** Take the mode of the session now open. */
  follow() {
    this.keep(this.of(store.session?.id));
  }

  keep(value) {
    const id = store.session?.id ?? remembered(); // the one open, or about to be
    if (id && this.kept.get(id) !== value) {
      this.kept.delete(id);
      this.kept.set(id, value);
    }
    localStorage.setItem(KEY, JSON.stringify([...this.kept].slice(-KEPT)));
    if (this.value === value) return;
    this.value = value;
    this.emit("change");
  }
}

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return kept.filter(([, value]) => value in MODES);
  } catch {
    return [];
  }
}

export const mode = new Mode();

class ModeSwitch extends LiveElement {
  connect(signal) {
    this.radios = Object.keys(MODES).map((value) =>
      h("input", { type: "radio", name: "vibes-mode", value, onchange: () => mode.choose(value) }),
    );
    const labels = this.radios.map((radio) =>
      h("label", { title: TITLES[radio.value] }, radio, h("span", {}, MODES[radio.value])),
    );
    const group = { class: "wrap", role: "radiogroup", "aria-label": "Who decides" };
    this.className = "v-segments";
    this.replaceChildren(h("div", group, labels));
    store.addEventListener("session", () => mode.follow(), { signal });
    mode.watch(["change"], () => this.render(), signal);
  }

  render() {
    document.getElementById("vibes-form").dataset.mode = mode.value;
    for (const radio of this.radios) {
      radio.checked = radio.value === mode.value;
      radio.parentElement.classList.toggle("selected", radio.checked);
    }
  }
}

customElements.define("vibes-mode", ModeSwitch);
