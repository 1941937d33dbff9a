import assert from "node:assert/strict";
import { test } from "node:test";

import { picturesOf } from "../../comfy_nodes/web/js/pictures.js";

const picture = (image, overall = null) => ({ image, overall, about: "a", teaches: true });

test("each picture comes with the way to a small one of it, in the order shown", () => {
  const images = [{ filename: "a b.png", subfolder: "x/y", type: "temp" }];
  const output = { images, vibes_images: [picture("i1", 3), picture("i2")] };
  assert.deepEqual(picturesOf(output), [
    {
      ...picture("i1", 3),
      view: "/view?filename=a+b.png&subfolder=x%2Fy&type=temp&preview=webp%3B60",
    },
    { ...picture("i2"), view: null },
  ]);
});

test("an output of another node, and none, hold no pictures", () => {
  assert.deepEqual(picturesOf({ images: [{ filename: "a.png" }] }), []);
  assert.deepEqual(picturesOf(undefined), []);
});
