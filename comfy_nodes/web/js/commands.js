/** What can be done from the editor's menu and the side panel. */
import { linkWords, SEVERITIES } from "./studio-words.js";

const TOAST_MS = 8000;

export class Commands {
  /** `editor` is the editor's extension manager. */
  constructor({ t, server, editor }) {
    Object.assign(this, { t, server, editor });
  }

  /** Open the linked studio in a tab of its own. */
  async openStudio() {
    const studio = await this.#asked();
    if (studio?.url) window.open(studio.url, "_blank", "noopener");
    else if (studio) this.#toast("info", this.t("link.off"), this.t("link.none"));
  }

  /** Say how it stands with the studio. */
  async testLink() {
    const studio = await this.#asked();
    if (!studio) return;
    const { title, detail, waiting } = linkWords(this.t, studio);
    const sentences = [detail, waiting].filter(Boolean).join(" ");
    this.#toast(SEVERITIES[studio.state], title, sentences);
  }

  openSettings() {
    this.editor.command.execute("Comfy.ShowSettingsDialog");
  }

  async #asked() {
    try {
      return await this.server.studio();
    } catch (error) {
      this.#toast("error", "Vibes", error.message);
      return null;
    }
  }

  #toast(severity, summary, detail) {
    this.editor.toast.add({ severity, summary, detail, life: TOAST_MS });
  }
}
