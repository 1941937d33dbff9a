/** How a grid may be laid out, ordered and filtered. */

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

/** Name -> comparison of two images. */
export const ORDERS = {
  order: () => 0,
  checkpoint: text((image) => image.checkpoint),
  server: text((image) => image.server),
};

/** Name -> whether an image is shown. */
export const FILTERS = {
  all: () => true,
  picked: (image) => image.selection === "selected",
  unpicked: (image) => image.selection !== "selected",
  failed: (image) => image.state === "failed",
};
