import assert from "node:assert/strict";
import { test } from "node:test";

import { picturesOf, Said } from "../../comfy_nodes/web/js/pictures.js";

/** What `sessionStorage` does. */
function memory() {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
}

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

test("what was said since wins over what a cached node repeats, also after a reload", () => {
  const window = memory();
  new Said(window).set("i1", 4);
  const later = new Said(window);
  assert.equal(later.apply(picture("i1")).overall, 4);
  assert.equal(later.apply(picture("i2", 2)).overall, 2);
});

test("of very many ratings the newest are remembered", () => {
  const said = new Said(memory());
  said.set("first", 1);
  for (let index = 0; index < 499; index++) said.set(`i${index}`, 5);
  said.set("first", 2);
  said.set("last", 3);
  assert.equal(said.apply(picture("first")).overall, 2);
  assert.equal(said.apply(picture("last")).overall, 3);
  assert.equal(said.apply(picture("i0")).overall, null);
  assert.equal(said.apply(picture("i1")).overall, 5);
});
