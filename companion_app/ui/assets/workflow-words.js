/** What is known of a workflow, in words. */
import { plural } from "./format.js";

const SLOTS = {
  ...{ prompt: "prompt", negative_prompt: "negative prompt", checkpoint: "checkpoint" },
  ...{ loras: "LoRAs", source: "picked picture", seed: "seed", width: "width", height: "height" },
  ...{ steps: "steps", cfg: "CFG", sampler: "sampler", scheduler: "scheduler", denoise: "denoise" },
};

/** What the studio fills in, one word for the two edges of LoRAs. */
export const filled = ({ slots }) =>
  Object.entries(SLOTS).flatMap(([slot, word]) => (slots.includes(slot) ? [word] : []));

/** What stays as the workflow has it; what only matters beside a picture is not missed. */
export const kept = ({ slots, starts_from: start }) =>
  Object.entries(SLOTS).flatMap(([slot, word]) => {
    const unasked = slot === "source" || (slot === "denoise" && start === "noise");
    return slots.includes(slot) || unasked ? [] : [word];
  });

/** It can be chosen for a grid from a prompt: no stage has it already. */
export const makesGrids = ({ starts_from: start, stages, problem }) =>
  !problem && start === "noise" && stages.length === 0;

/** "Makes first grids." */
export function use({ starts_from: start, stages }) {
  const several = stages.length > 1 ? "stages" : "stage";
  if (stages.length) return `Renders the ${several} ${list(stages)}.`;
  return start === "noise"
    ? "Makes first grids: choose it under More beside the prompt."
    : "Goes on from a picked picture: name it for a stage in stages.yaml.";
}

/** One line for each way servers stand to it: {kind, text}. */
export function whereItRuns({ servers }) {
  const able = servers.filter(({ can }) => can).map(({ name }) => name);
  const unseen = servers.filter(({ can }) => can === null).map(({ name }) => name);
  const lines = servers
    .filter(({ can }) => can === false)
    .map(({ name, lacks }) => ({ kind: "bad", text: `${name} cannot: it lacks ${list(lacks)}.` }));
  const everywhere = able.length === servers.length && able.length > 2;
  const where = everywhere ? "every server" : list(able);
  if (able.length) lines.unshift({ kind: "good", text: `Runs on ${where}.` });
  if (unseen.length) lines.push({ kind: "none", text: `Not seen yet: ${list(unseen)}.` });
  return lines.length ? lines : [{ kind: "none", text: "There is no server yet to run it on." }];
}

/** "9 node classes and 1 upscaler". */
export function needsWords({ nodes, models }) {
  const parts = [`${nodes.length} node ${nodes.length === 1 ? "class" : "classes"}`];
  if (models.length) parts.push(plural(models.length, "upscaler"));
  return `Needs ${list(parts)}`;
}

/** "a, b and c". */
export function list(words) {
  const [last = "", ...rest] = words.toReversed();
  return rest.length ? `${rest.reverse().join(", ")} and ${last}` : last;
}

/** "my portrait (2).json" -> "my-portrait-2". */
export function proposeName(file, taken) {
  const stem = file.normalize("NFC").replace(/\.[^.]+$/, "").replace(/[^\p{L}\p{N}_-]+/gu, "-");
  const name = [...stem.replace(/^-+|-+$/g, "")].slice(0, 50).join("") || "my-workflow";
  const used = new Set(taken.map((one) => one.toLowerCase()));
  if (!used.has(name.toLowerCase())) return name;
  let number = 2;
  while (used.has(`${name}-${number}`.toLowerCase())) number += 1;
  return `${name}-${number}`;
}
