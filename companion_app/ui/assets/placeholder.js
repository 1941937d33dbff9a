/** A grid as it will look, shown between the click and the studio's answer. */

const SHAPES = { portrait: [2, 3], landscape: [3, 2], square: [1, 1] };

/** `shape` is an aspect ratio's name or an image whose proportions to take. */
export function placeholder(count, shape, stage) {
  const [width, height] = SHAPES[shape] ?? [shape.width, shape.height];
  const images = Array.from({ length: count }, (_, index) => ({
    id: `placeholder-${index}`,
    index,
    stage,
    width,
    height,
    state: "planned",
    selection: "none",
    loras: [],
    scores: {},
  }));
  return {
    id: null,
    stage,
    state: "queued",
    total_count: count,
    done_count: 0,
    failed_count: 0,
    images,
  };
}
