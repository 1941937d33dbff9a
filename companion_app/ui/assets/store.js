/** What the page knows: the open session, the grid on screen, the servers. No DOM in here. */
import { Watched } from "./watched.js";

class Store extends Watched {
  settings = { stages: [] };
  session = null;
  /** GET /api/batches/{id}, or a placeholder of the same shape (id null) while one is planned. */
  batch = null;
  /** When the grid's time left was last told, in milliseconds. */
  told = 0;
  servers = null;
  /** A plan looked over before it is made: {session, request, proposal}, proposal null meanwhile. */
  review = null;
  /** An action is under way that will replace the grid. */
  busy = false;
  /** The next grid shown is to be picked in at once: its first card takes the focus. */
  wantsFocus = false;

  setSettings(settings) {
    this.settings = settings;
    this.emit("settings");
  }

  setSession(session) {
    this.session = session;
    this.emit("session");
  }

  setBatch(batch) {
    this.batch = batch;
    this.told = Date.now();
    this.emit("batch");
  }

  setReview(review) {
    this.review = review;
    this.emit("review");
  }

  setServers(servers) {
    this.servers = servers;
    this.emit("servers");
  }

  setBusy(busy) {
    this.busy = busy;
    this.emit("busy");
  }

  image(id) {
    return this.batch?.images.find((image) => image.id === id) ?? null;
  }

  patchImage(id, fields) {
    const image = this.image(id);
    if (!image) return;
    Object.assign(image, fields);
    this.emit("image", image);
  }

  /** An image was scored, and the others of its grid rank anew: `ranks` says how, by image. */
  setScore(id, { ranks, ...fields }) {
    const image = this.image(id);
    if (!image) return;
    Object.assign(image, fields);
    const of = Object.keys(ranks).length;
    for (const { id: other, adherence } of this.batch.images)
      if (adherence && other in ranks) Object.assign(adherence, { rank: ranks[other], of });
    this.emit("scores", image);
  }

  /** Progress or a preview of an image being made, kept for a card that is drawn anew. */
  setLive({ type, image_id: id, value, max, preview_url }) {
    const image = this.image(id);
    if (!image) return;
    image.progress = {
      ...image.progress,
      ...(type === "preview" ? { preview_url } : { value, max }),
    };
    this.emit("live", image);
  }

  /** A server found what a LoRA does beside a checkpoint: told where nothing better is known. */
  setEffect({ checkpoint, lora, server, works }) {
    const isNews = (image, { name, strength, effect }) =>
      name === lora && strength !== 0 && (effect === "unverified" || image.server === server);
    for (const image of this.batch?.images ?? []) {
      const used = image.loras.filter((use) => isNews(image, use));
      if (image.checkpoint !== checkpoint || used.length === 0) continue;
      for (const use of used) use.effect = works ? "works" : "none";
      this.emit("image", image);
    }
  }

  patchBatch(fields) {
    Object.assign(this.batch, fields);
    if ("seconds_left" in fields) this.told = Date.now();
    this.emit("progress");
  }

  /** Time left for the grid, counted down since it was told; null when not known. */
  get secondsLeft() {
    const { state, seconds_left: left } = this.batch ?? {};
    return state === "running" && left ? Math.max(1, left - (Date.now() - this.told) / 1000) : null;
  }

  get picked() {
    return this.batch?.images.filter((image) => image.selection === "selected") ?? [];
  }

  stageName(stage) {
    return this.settings.stages[stage]?.name ?? "";
  }

  /** The stage after the grid on screen; null at the last. */
  get nextStage() {
    return this.batch ? (this.settings.stages[this.batch.stage + 1] ?? null) : null;
  }
}

export const store = new Store();
