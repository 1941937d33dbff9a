/** The bin: pictures moved there come back from it until it is emptied. */
import { post } from "./api.js";
import { plural } from "./format.js";
import { report, say } from "./notice.js";
import { store } from "./store.js";

/** Move to the bin what is named ({images} or {session_id, tag}); the notice has the way back. */
export async function moveToBin(...requests) {
  const [binned, kept] = [[], []];
  try {
    for (const request of requests) {
      const moved = await post("/api/bin", request);
      binned.push(...moved.binned);
      kept.push(...moved.kept);
    }
    took(binned, new Date().toISOString());
    const action = binned.length > 0 && { label: "Undo", run: () => restore(binned) };
    say(moved(binned, kept), { kind: "done", action: action || null });
  } catch (error) {
    report(error, { label: "Try again", run: () => moveToBin(...requests) });
  }
}

/** Take these out of the bin again; without ids, everything. */
export async function restore(images) {
  try {
    const { restored } = await post("/api/bin/restore", images ? { images } : {});
    took(restored, null);
    say(`${plural(restored.length, "picture")} restored.`);
  } catch (error) {
    report(error, { label: "Try again", run: () => restore(images) });
  }
}

/** Shown at once; that it happened is told to every page by an event. */
function took(ids, binned) {
  for (const id of ids) store.patchImage(id, { binned });
}

/** "3 pictures are in the bin. 1 stays: it is a pick." */
function moved(binned, kept) {
  const isOne = binned.length === 1;
  const said = binned.length
    ? `${plural(binned.length, "picture")} ${isOne ? "is" : "are"} in the bin.`
    : "Nothing was moved to the bin.";
  const reasons = [...new Set(kept.map(({ reason }) => reason))].join("; ");
  const stays = kept.length === 1 ? "1 stays" : `${kept.length} stay`;
  return kept.length ? `${said} ${stays}: ${reasons}` : said;
}
