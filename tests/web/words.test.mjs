import assert from "node:assert/strict";
import { test } from "node:test";

import { choiceOf, levelAfter, sentences } from "../../comfy_nodes/web/js/choices.js";
import { modelName, percent, scaleFor } from "../../comfy_nodes/web/js/format.js";
import { nodeAt } from "../../comfy_nodes/web/js/node-places.js";
import { checkpointRows, isEmpty, learnedWords } from "../../comfy_nodes/web/js/panel-words.js";
import { nameFrom, refusalWords } from "../../comfy_nodes/web/js/send-words.js";
import { linkRequest, linkWords } from "../../comfy_nodes/web/js/studio-words.js";
import { textsFrom } from "../../comfy_nodes/web/js/texts.js";
import { texts } from "./sources.mjs";

const t = textsFrom({ en: texts("en", "main") }, () => "en");

test("a model is called by its file, whichever system's path it has", () => {
  assert.equal(modelName("sdxl/epicrealismXL.safetensors"), "epicrealismXL");
  assert.equal(modelName("sdxl\\v1.5.CKPT"), "v1.5");
  assert.equal(percent(0.756), "76 %");
});

test("a scale ends at the tenth above the longest bar", () => {
  assert.equal(
    scaleFor([
      [0.1, 0.33],
      [0, 0.2],
    ]),
    0.4,
  );
  assert.equal(scaleFor([[0.2, 0.4]]), 0.4);
  assert.equal(scaleFor([]), 0.1);
  assert.equal(scaleFor([[0.5, 0.99]]), 1);
});

test("a choice tells what its level tells, or its reason", () => {
  const why = { minimal: ["a"], technical: ["b", "c"], detailed: [] };
  const choice = { badge: "x", reason: "because", why };
  assert.equal(choiceOf({ vibes_choice: [choice] }), choice);
  assert.equal(choiceOf({ text: ["x"] }), null);
  assert.deepEqual(sentences(choice, "technical"), ["b", "c"]);
  assert.deepEqual(sentences(choice, "detailed"), ["because"]);
  assert.deepEqual(sentences({ reason: "because" }, "minimal"), ["because"]);
});

test("arrow keys walk the levels in a circle, other keys do not", () => {
  assert.equal(levelAfter("minimal", "ArrowRight"), "standard");
  assert.equal(levelAfter("minimal", "ArrowLeft"), "technical");
  assert.equal(levelAfter("detailed", "Home"), "minimal");
  assert.equal(levelAfter("detailed", "End"), "technical");
  assert.equal(levelAfter("detailed", "x"), undefined);
});

test("an empty address unlinks, an empty token is none", () => {
  assert.deepEqual(linkRequest(" http://a:1 ", ""), { url: "http://a:1", token: undefined });
  assert.deepEqual(linkRequest(" ", " s "), { url: null, token: "s" });
});

test("the link says what waits, and nothing of nothing", () => {
  const studio = { state: "away", detail: "No answer.", waiting: 2 };
  assert.deepEqual(linkWords(t, studio), {
    state: "away",
    title: "The studio is away",
    detail: "No answer.",
    waiting: "2 ratings wait to be sent.",
  });
  assert.equal(linkWords(t, { ...studio, waiting: 0 }).waiting, "");
});

test("what the editor calls a workflow becomes a name the studio takes", () => {
  assert.equal(nameFrom("Unsaved Workflow (2)"), "Unsaved-Workflow-2");
  assert.equal(nameFrom("山 水/v1.5"), "山-水-v1-5");
  assert.equal(nameFrom("my_own-one"), "my_own-one");
  assert.equal(nameFrom("x".repeat(80)).length, 60);
  assert.equal(nameFrom("cafe\u0301"), "caf\u00e9"); // a letter and its accent are one
  assert.equal(nameFrom("𠮷".repeat(80)), "𠮷".repeat(60)); // rare letters stay whole
  assert.equal(nameFrom("…"), "");
});

test("a refused workflow is told with everything that is wrong, and what can be done about it", () => {
  const faulty = { code: "faulty_workflow", message: "A. B.", problems: ["A.", "B."] };
  assert.deepEqual(refusalWords(t, faulty), {
    state: "refused",
    title: "",
    detail: "What keeps the studio from using it:",
    problems: ["A.", "B."],
    next: "",
  });
  const told = (code) => {
    const { title, detail, next } = refusalWords(t, { code, message: "So it is." });
    return [title, detail, next];
  };
  assert.deepEqual(told("conflict"), ["", "So it is.", "name"]);
  assert.deepEqual(told("invalid_input"), ["", "So it is.", "name"]);
  assert.deepEqual(told("no_studio"), ["No studio linked", t("link.none"), "settings"]);
  assert.deepEqual(told("studio_away"), ["The studio is away", "So it is.", ""]);
  assert.deepEqual(told("studio_refuses"), ["The studio refuses", "So it is.", "settings"]);
  assert.deepEqual(told(undefined), ["", "So it is.", ""]);
});

test("the panel's rows share one scale, and are told in words", () => {
  const one = {
    checkpoint: "a/b.safetensors",
    selected: 3,
    total: 4,
    selection_rate: 0.3,
    interval: [0.1, 0.6],
  };
  const [row] = checkpointRows(t, [one, { ...one, interval: [0, 0.2] }]);
  assert.equal(row.name, "b");
  assert.equal(row.count, "liked 3 of 4");
  assert.equal(row.spoken, "b: 30 %, likely between 10 % and 60 %");
  assert.equal(row.rate, 0.5);
  assert.equal(row.high, 1);
  assert.equal(checkpointRows(t, Array(30).fill(one)).length, 10);
});

test("what was learned says how much and where", () => {
  assert.equal(
    learnedWords(t, { ratings: 1, source: "local" }),
    "1 rating so far. Learned on this server.",
  );
  assert.ok(isEmpty({ ratings: 0, top_checkpoints: [] }));
  assert.ok(!isEmpty({ ratings: 1, top_checkpoints: [] }));
});

test("a node is found in the graph and in a subgraph, unless it is gone", () => {
  const graph = (id) => ({ getNodeById: (asked) => (asked === id ? `node ${id}` : null) });
  const root = { ...graph("7"), subgraphs: new Map([["5-f", graph("3")]]) };
  assert.equal(nodeAt(root, "7"), "node 7");
  assert.equal(nodeAt(root, "5-f:3"), "node 3");
  assert.equal(nodeAt(root, "6-f:3"), undefined);
  assert.equal(nodeAt(root, "8"), undefined);
});
