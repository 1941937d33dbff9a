/** What a profile does not want chosen by itself: single LoRAs, tags, families. */
import { get, put } from "./api.js";
import { modelName } from "./format.js";
import { report, say } from "./notice.js";
import { store } from "./store.js";
import { Watched } from "./watched.js";

const KEPT = {
  true: (name) => `${name} is blocked: it is not chosen by itself any more.`,
  false: (name) => `${name} may be chosen again.`,
};

/** Whose choices the page is about. */
export const profileNow = () => store.session?.profile ?? "default";

class Blocks extends Watched {
  lists = { loras: [], tags: [], families: [] };

  async refresh() {
    this.take(await get(`/api/blocks?profile=${encodeURIComponent(profileNow())}`));
  }

  take(lists) {
    this.lists = lists;
    this.emit("change");
  }

  /** Add to one of the lists, or take from it, whatever the others have become meanwhile. */
  async set(list, name, blocked) {
    const address = `/api/blocks?profile=${encodeURIComponent(profileNow())}`;
    const now = await get(address);
    const rest = now[list].filter((other) => other !== name);
    this.take(await put(address, { ...now, [list]: blocked ? [...rest, name] : rest }));
  }

  has(name) {
    return this.lists.loras.includes(name);
  }

  get count() {
    return Object.values(this.lists).reduce((sum, list) => sum + list.length, 0);
  }
}

export const blocks = new Blocks();

/** Block one LoRA or no longer; the notice offers the way back. */
export async function blockLora(name, blocked = true) {
  try {
    blocks.take(await put("/api/loras/block", { name, blocked, profile: profileNow() }));
    const action = { label: "Undo", run: () => blockLora(name, !blocked) };
    say(KEPT[blocked](modelName(name)), { action });
  } catch (error) {
    report(error, { label: "Try again", run: () => blockLora(name, blocked) });
  }
}
