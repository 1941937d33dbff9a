/** What the page knows of the queue: every grid with open or failed pictures. No DOM in here. */
import { get } from "./api.js";
import { hear } from "./events.js";
import { Watched } from "./watched.js";

const PAUSE_MS = 1000;
const SOON_MS = 200;
/** A reply is asked for at most in this share of the time: long queues are asked for less often. */
const SHARE = 0.1;
const UNDER_WAY = ["running", "preparing", "storing"];

class Queue extends Watched {
  /** As GET /api/queue tells them; null until it did. */
  batches = null;
  secondsLeft = null;
  /** When the times left were told, in milliseconds. */
  told = 0;
  #images = new Map();
  #fetched = 0;
  #cost = 0;
  #timer = null;
  #due = Infinity;
  /** Counts acts, so that a reply from before one never undoes what the page shows since. */
  #epoch = 0;
  #acting = 0;

  constructor() {
    super();
    const handlers = { image: this.#image, batch: this.#batch, progress: this.#progress };
    handlers.preview = ({ image_id: id, preview_url }) => this.#patch(id, { preview_url });
    const lifetime = new AbortController();
    for (const [type, handler] of Object.entries(handlers))
      hear([type], (event) => this.batches && handler.call(this, event), lifetime.signal);
  }

  /** Fetch before long; however often it is called, the studio is asked now and then only. */
  refresh({ soon = false } = {}) {
    const pause = Math.max(soon ? SOON_MS : PAUSE_MS, this.#cost / SHARE);
    const due = this.#fetched + pause;
    if (this.#timer && due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(
      () => this.load().catch((error) => this.emit("trouble", error)),
      Math.max(0, due - Date.now()),
    );
  }

  /** Fetch now. Raises ApiError. */
  async load() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const epoch = this.#epoch;
    const begun = Date.now();
    this.#fetched = begun;
    const { batches, seconds_left: left } = await get("/api/queue");
    this.#cost = Date.now() - begun;
    this.#fetched = Date.now();
    if (epoch !== this.#epoch || this.#acting) return;
    Object.assign(this, { batches: this.#merged(batches), secondsLeft: left, told: Date.now() });
    this.#images = new Map(
      this.batches.flatMap((batch) => batch.images.map((image) => [image.id, { image, batch }])),
    );
    this.emit("change");
  }

  /** Change what is shown at once, send it, then see what the studio made of it. Raises ApiError. */
  async act(change, send) {
    this.#epoch += 1;
    this.#acting += 1;
    change();
    this.emit("change");
    try {
      await send();
    } finally {
      this.#acting -= 1;
      this.#epoch += 1;
      this.refresh({ soon: true });
    }
  }

  /** {image, batch} of a picture in the queue; null for any other. */
  find(imageId) {
    return this.#images.get(imageId) ?? null;
  }

  /** {image, batch} of every picture a server is at work on now. */
  get underWay() {
    return [...this.#images.values()].filter(({ image }) => UNDER_WAY.includes(image.phase));
  }

  /** `seconds` as told with the last reply, counted down since. */
  left(seconds) {
    return seconds === null || seconds === undefined
      ? null
      : Math.max(1, seconds - (Date.now() - this.told) / 1000);
  }

  /** Take pictures out of the queue, and their grids where nothing is left of them. */
  drop(ids) {
    const gone = new Set(ids);
    for (const id of gone) this.#images.delete(id);
    for (const batch of this.batches)
      batch.images = batch.images.filter((image) => !gone.has(image.id));
    this.batches = this.batches.filter((batch) => batch.images.length > 0);
  }

  /** What was told, in the objects known already: whoever holds one holds the truth. */
  #merged(batches) {
    const known = new Map(this.batches?.map((batch) => [batch.id, batch]));
    const sameImage = (image) => {
      if (image.state === "planned") image.phase ??= "waiting"; // the fleet is about to learn of it
      return Object.assign(this.find(image.id)?.image ?? {}, image);
    };
    return batches.map((batch) =>
      Object.assign(known.get(batch.id) ?? {}, batch, { images: batch.images.map(sameImage) }),
    );
  }

  #patch(id, fields) {
    const found = this.find(id);
    if (!found) return;
    Object.assign(found.image, fields);
    this.emit("change");
  }

  #progress({ image_id: id, server, value, max }) {
    this.#patch(id, { server, value, max, phase: "running" });
  }

  #image({ image_id: id, state, server = null, error = null }) {
    const { image } = this.find(id) ?? {};
    if (!image) return;
    if (["collected", "cancelled"].includes(state)) {
      this.drop([id]);
      return this.emit("change");
    }
    if (image.state === state && (image.server ?? null) === server) return;
    const phase = { planned: "waiting", submitted: "queued" }[state] ?? null;
    this.#patch(id, { state, server, error, phase, value: null, max: null, preview_url: null });
  }

  #batch({ batch_id: id, state, done_count, failed_count, seconds_left: left }) {
    const batch = this.batches.find((one) => one.id === id);
    if (!batch) return;
    Object.assign(batch, { state, done_count, failed_count, paused: state === "paused" });
    if (left !== undefined) batch.seconds_left = left && left + (Date.now() - this.told) / 1000;
    this.emit("change");
  }
}

export const queue = new Queue();
