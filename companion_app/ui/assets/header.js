/** The line at the top: name, open session, servers, time left. */
import { LiveElement, button, flag, h } from "./dom.js";
import { clock } from "./format.js";
import { openSessions } from "./sessions.js";
import { store } from "./store.js";
import { showTab } from "./tabs.js";

class Header extends LiveElement {
  connect(signal) {
    this.session = button("", openSessions, {
      class: "v-button v-session",
      "aria-haspopup": "dialog",
    });
    this.time = h("button", {
      type: "button",
      class: "v-plain v-time",
      title: "What is being made, and where",
      onclick: () => showTab("Queue"),
    });
    this.dot = h("i", { class: "v-dot", "aria-hidden": "true" });
    this.serverText = h("span");
    const servers = h(
      "button",
      { type: "button", class: "v-plain", onclick: () => showTab("Servers") },
      this.dot,
      this.serverText,
    );
    this.replaceChildren(
      h("strong", { class: "v-brand" }, "Vibes"),
      h("div", { class: "v-status" }, this.time, servers, this.session),
    );
    store.watch(["session"], () => this.renderSession(), signal);
    store.watch(["servers"], () => this.renderServers(), signal);
    store.watch(["batch", "progress"], () => this.renderTime(), signal);
    this.every(1000, () => this.renderTime());
  }

  renderSession() {
    this.session.textContent = store.session?.name ?? "New session";
    this.session.title = store.session ? `Profile ${store.session.profile}` : "Sessions";
  }

  renderServers() {
    const { online, total } = store.servers ?? { online: 0, total: 0 };
    this.serverText.textContent = store.servers ? `${online}/${total} servers` : "…";
    flag(
      this.dot,
      "data-state",
      !total ? "none" : online === total ? "all" : online ? "some" : "none",
    );
  }

  renderTime() {
    const left = store.secondsLeft;
    this.time.textContent = left === null ? "" : `${clock(left)} left`;
  }
}

customElements.define("vibes-header", Header);
