/** Where a picture stands, and why not elsewhere, in words. */
import { clock, plural } from "./format.js";
import { queue } from "./queue-state.js";

const ORDINALS = ["", "first", "second", "third", "fourth", "fifth", "sixth"];
const WORDS = 12;
const REASONS = 2;

/** What a server does with a picture it tells no steps of. */
export const PHASES = {
  preparing: "getting ready",
  queued: "next",
  running: "starting",
  storing: "fetching it",
};

/** "rendering on studio-1, step 12 of 20". */
export function imageWords(image, batch) {
  if (image.state === "failed") return "failed";
  const attempt = image.attempt > 1 && `${ORDINALS[image.attempt] ?? `${image.attempt}th`} attempt`;
  return [doing(image, batch), attempt].filter(Boolean).join(", ");
}

function doing({ phase, server, held, value, max }, batch) {
  switch (phase) {
    case "running":
      return max ? `rendering on ${server}, step ${value} of ${max}` : `rendering on ${server}`;
    case "preparing":
      return `getting ready on ${server}`;
    case "queued":
      return `next on ${server}`;
    case "storing":
      return `fetching it from ${server}`;
  }
  if (batch.paused) return "paused with its grid";
  if (held) return "paused";
  return server ? `waits for ${server}` : "waits for a server";
}

/** "~0:41": when it is probably there; empty where nobody knows. */
export function soon(seconds) {
  const left = queue.left(seconds);
  return left === null ? "" : `~${clock(left)}`;
}

/** What a grid as a whole is doing. */
export function batchWords({
  paused,
  state,
  failed_count: failed,
  images,
  running_count: running,
}) {
  if (paused) return "paused";
  if (images.every((image) => image.state === "failed"))
    return `${plural(failed, "picture")} failed`;
  if (images.every(({ state, held }) => held || state === "failed")) return "paused";
  if (running > 0 || images.some((image) => image.phase === "running")) return "rendering";
  return state === "cancelled" ? "being cancelled" : "waiting";
}

/** The first words of a prompt. */
export function firstWords(prompt) {
  const words = prompt.trim().split(/\s+/);
  return words.length > WORDS ? `${words.slice(0, WORDS).join(" ")} …` : words.join(" ");
}

/** Sentences "server: reason", those with one reason in common said once. */
export function together(sentences) {
  const servers = new Map();
  for (const sentence of sentences) {
    const [, server, reason] = /^([\w.-]+): (.+)$/s.exec(sentence) ?? [null, null, sentence];
    servers.set(reason, [...(servers.get(reason) ?? []), server].filter(Boolean));
  }
  return [...servers].map(([reason, names]) =>
    names.length ? `${names.join(", ")}: ${reason}` : reason,
  );
}

/** What keeps most of a grid's waiting pictures from a server, as sentences. */
export function mainReasons({ paused, images }) {
  const counts = new Map();
  const waiting = images.filter(({ phase, held }) => phase === "waiting" && !held && !paused);
  for (const { why } of waiting)
    for (const reason of together(why)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, REASONS);
  return most.map(
    ([reason, count]) => `${reason.replace(/\.$/, "")} (${plural(count, "picture")})`,
  );
}
