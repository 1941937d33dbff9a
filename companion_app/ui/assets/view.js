/** How a grid may be laid out, ordered and filtered. */
import { compareScores } from "./score-words.js";

const GAP = 16;
const PHONE = 600;
const ROOMY = 12;

/** Columns for `count` pictures in `width` pixels: many, but with the last row as full as it gets. */
export function columnsFor(count, width) {
  if (width < PHONE) return Math.min(2, count);
  const least = count > ROOMY ? 184 : 240;
  const most = Math.min(count, Math.floor((width + GAP) / (least + GAP)));
  const holes = (columns) => (columns - (count % columns)) % columns;
  let best = most;
  for (let columns = most; columns >= most * 0.6; columns -= 1)
    if (holes(columns) < holes(best)) best = columns;
  return best;
}

const text = (value) => (a, b) => String(value(a) ?? "").localeCompare(String(value(b) ?? ""));

/** By score, what has none last; `sign` 1 begins with the best. */
const byScore = (sign) => (a, b) =>
  sign * compareScores(a.adherence, b.adherence) || !a.adherence - !b.adherence;

/** Name -> comparison of two images. */
export const ORDERS = {
  order: () => 0,
  best: byScore(1),
  worst: byScore(-1),
  checkpoint: text((image) => image.checkpoint),
  server: text((image) => image.server),
};

const tagged = (tag) => (image) => image.adherence?.tag === tag;

/** Name -> whether an image is shown. */
export const FILTERS = {
  all: () => true,
  picked: (image) => image.selection === "selected",
  unpicked: (image) => image.selection !== "selected",
  unmade: (image) => image.state === "failed",
  flagged: (image) => Boolean(image.adherence?.flagged),
  success: tagged("success"),
  partial: tagged("partial"),
  failed: tagged("failed"),
  unscored: (image) => image.state === "collected" && !image.adherence && !image.binned,
};

/** Both as they are read. */
export const ORDER_NAMES = {
  order: "as made",
  best: "best first",
  worst: "worst first",
  checkpoint: "by checkpoint",
  server: "by server",
};
export const FILTER_NAMES = {
  ...{ all: "all", picked: "picked", unpicked: "not picked", unmade: "not made" },
  ...{ flagged: "flagged", success: "success", partial: "partial", failed: "failed" },
  unscored: "unscored",
};

/** What depends on scores, and so changes while they arrive. */
export const BY_SCORE = ["best", "worst", "flagged", "success", "partial", "failed", "unscored"];
/** What asks for a percentage. */
export const BY_TAG = ["flagged", "success", "partial", "failed"];
