/** Picks: shown at once, stored on the server, taken back with a sentence when it refuses. */
import { put } from "./api.js";
import { report, say } from "./notice.js";
import { store } from "./store.js";

/** Image id -> the chain of requests still under way for it. */
const pending = new Map();

export const isPending = (imageId) => pending.has(imageId);

/** Every pick so far has reached the server, or has been taken back. */
export async function settled() {
  await Promise.all(pending.values());
}

/** Pick an image, or unpick it. */
export function toggle(imageId) {
  const image = store.image(imageId);
  if (!image || store.busy) return;
  if (image.state !== "collected") {
    say("This picture is not there yet: it can be picked as soon as it is.");
    return;
  }
  if (image.binned) {
    say("This picture is in the bin: restore it to pick it.");
    return;
  }
  const before = image.selection;
  const selection = before === "selected" ? "none" : "selected";
  store.patchImage(imageId, { selection });
  const earlier = pending.get(imageId) ?? Promise.resolve();
  const chain = earlier.then(() => save(imageId, selection, before));
  pending.set(imageId, chain);
  chain.finally(() => pending.get(imageId) === chain && pending.delete(imageId));
}

async function save(imageId, selection, before) {
  try {
    await put(`/api/images/${imageId}/selection`, { selection });
  } catch (error) {
    store.patchImage(imageId, { selection: before });
    report(error, { label: "Try again", run: () => toggle(imageId) });
  }
}
