/** Pictures that can be rated, as a node reported them. */

export const STARS = [1, 2, 3, 4, 5];
export const LIKE = 5;
export const DISLIKE = 1;

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
