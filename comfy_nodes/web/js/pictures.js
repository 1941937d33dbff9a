/** Pictures that can be rated, as a node reported them, and what was said of them since. */

export const STARS = [1, 2, 3, 4, 5];
export const LIKE = 5;
export const DISLIKE = 1;

const REMEMBERED = 500;

/**
 * The pictures of a node's output: `{image, overall, about, teaches, detail, view}` in the order shown,
 * where `detail` says why one teaches nothing and `view` is the path of a small picture, or null.
 */
export function picturesOf(output) {
  return (output?.vibes_images ?? []).map((picture, index) => ({
    ...picture,
    view: viewPath(output.images?.[index]),
  }));
}

function viewPath(file) {
  if (!file) return null;
  const { filename, subfolder = "", type = "output" } = file;
  return `/view?${new URLSearchParams({ filename, subfolder, type, preview: "webp;60" })}`;
}

/**
 * Ratings given in this window, newest last. A node that is answered from ComfyUI's cache repeats
 * what it reported when it ran, so what was said since must win, also after a reload.
 */
export class Said {
  /** `storage` keeps the ratings of this window: `sessionStorage`, or the like of it. */
  constructor(storage, key = "vibes.said") {
    this.storage = storage;
    this.key = key;
  }

  /** The picture as it stands by now. */
  apply(picture) {
    const overall = this.#read().get(picture.image);
    return overall === undefined ? picture : { ...picture, overall };
  }

  /** Remember what was said last. */
  set(image, overall) {
    const said = this.#read();
    said.delete(image);
    said.set(image, overall);
    this.storage.setItem(this.key, JSON.stringify([...said].slice(-REMEMBERED)));
  }

  #read() {
    return new Map(JSON.parse(this.storage.getItem(this.key) ?? "[]"));
  }
}
