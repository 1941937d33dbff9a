/** What the Quality tab knows, and whose pictures it is about. */
import { get } from "./api.js";
import { hear } from "./events.js";
import { scoring } from "./scoring.js";
import { store } from "./store.js";
import { Watched } from "./watched.js";

const PAUSE_MS = 1000;

class Quality extends Watched {
  /** "all", "session" for the open one, or a profile's name after "profile:". */
  scope = "all";
  /** {overview, prompts, bin, profiles}; null before it was read. */
  known = null;
  /** Scores that have come since. */
  news = 0;

  /** Read everything; told as "change" at once. */
  async refresh() {
    const asked = (this.asked = {});
    const { query } = this;
    const paths = [`/api/quality?${query}`, `/api/quality/prompts?${this.sessionQuery}`];
    const [overview, prompts, bin, profiles] = await Promise.all([
      ...[...paths, "/api/bin", "/api/profiles"].map(get),
      scoring.refresh(),
    ]);
    if (this.asked !== asked) return;
    Object.assign(this, { known: { overview, prompts, bin, profiles }, news: 0 });
    this.emit("change");
  }

  async look(scope) {
    this.scope = scope;
    await this.refresh();
  }

  get sessionQuery() {
    const session = this.scope === "session" && store.session?.id;
    return session ? `session_id=${session}` : "";
  }

  get query() {
    const [, profile] = this.scope.split("profile:");
    return profile ? `profile=${encodeURIComponent(profile)}` : this.sessionQuery;
  }

  /** Count the scores that come; `onnews` is called once for a burst of them. */
  follow(onnews, signal) {
    const scored = () => {
      this.news += 1;
      this.pause ??= setTimeout(() => {
        this.pause = null;
        onnews();
      }, PAUSE_MS);
    };
    hear(["image_scored"], scored, signal);
  }
}

export const quality = new Quality();
