/** Whether pictures are scored here, and what is missing: GET /api/scoring, asked when it matters. */
import { get } from "./api.js";
import { Watched } from "./watched.js";

/** States in which pictures get a score sooner or later. */
const WORKING = ["ready", "loading", "idle"];

class Scoring extends Watched {
  /** {state, detail, model, licence, device, waiting, labels: {total, needed}, calibrated}; null while unknown. */
  known = null;

  get isOn() {
    return WORKING.includes(this.known?.state);
  }

  async refresh() {
    this.take(await get("/api/scoring"));
  }

  take(known) {
    this.known = known;
    this.emit("change");
  }
}

export const scoring = new Scoring();
