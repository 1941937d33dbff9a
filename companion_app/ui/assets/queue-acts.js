/** Every act of the Queue tab: shown at once, sent, and taken back with a sentence when refused. */
import { patch, post } from "./api.js";
import { ask } from "./dialog.js";
import { hint } from "./dom.js";
import { plural } from "./format.js";
import { report } from "./notice.js";
import { queue } from "./queue-state.js";
import { openGrid } from "./studio.js";
import { showTab } from "./tabs.js";

export const isOpen = (image) => image.state === "planned" || image.state === "submitted";
const WAITING = { state: "planned", phase: "waiting", server: null, error: null };

async function act(change, send) {
  try {
    await queue.act(change, send);
  } catch (error) {
    report(error, { label: "Try again", run: () => act(change, send) });
  }
}

export function pauseGrid(batch) {
  const verb = batch.paused ? "resume" : "pause";
  const change = () =>
    Object.assign(batch, {
      paused: verb === "pause",
      state: verb === "pause" ? "paused" : "running",
    });
  return act(change, () => post(`/api/batches/${batch.id}/${verb}`));
}

/** Ask before more than one picture goes. */
export async function cancelGrid(batch) {
  const open = batch.images.filter(isOpen);
  const what = hint("Pictures that are done stay, and so does the grid.");
  const question = {
    title: `Cancel ${open.length} pictures?`,
    body: [what],
    confirm: `Cancel ${open.length}`,
    dismiss: "Keep them",
    danger: true,
  };
  if (open.length > 1 && !(await ask(question))) return undefined;
  const ids = open.map((image) => image.id);
  return act(
    () => queue.drop(ids),
    () => post(`/api/batches/${batch.id}/cancel`),
  );
}

export function retryGrid(batch) {
  const change = () => {
    for (const image of batch.images) if (image.state === "failed") Object.assign(image, WAITING);
    Object.assign(batch, { state: "running", failed_count: 0 });
  };
  return act(change, () => post(`/api/batches/${batch.id}/retry`));
}

/** `priority` is low, normal or high. */
export function setPriority(batch, priority) {
  return act(
    () => (batch.priority = priority),
    () => patch(`/api/batches/${batch.id}`, { priority }),
  );
}

/** The open grids of the same session and priority, in order: those it can change places with. */
export function siblings(batch) {
  return queue.batches.filter(
    ({ session_id: session, priority, images }) =>
      session === batch.session_id && priority === batch.priority && images.some(isOpen),
  );
}

/** Move a grid up (-1) or down (+1) within its session. */
export function moveGrid(batch, by) {
  const line = siblings(batch);
  const here = line.indexOf(batch);
  const other = line[here + by];
  if (!other) return undefined;
  const before = by < 0 ? other : (line[here + 2] ?? null);
  const change = () => {
    const rest = queue.batches.filter((one) => one !== batch);
    rest.splice(rest.indexOf(other) + (by < 0 ? 0 : 1), 0, batch);
    queue.batches = rest;
  };
  return act(change, () => post(`/api/batches/${batch.id}/move`, { before: before?.id ?? null }));
}

export async function openInStudio(batch) {
  showTab("Studio");
  try {
    await openGrid(batch);
  } catch (error) {
    report(error, { label: "Try again", run: () => openInStudio(batch) });
  }
}

export function pauseImage(image) {
  const verb = image.held ? "resume" : "pause";
  const held = !image.held;
  return act(
    () => Object.assign(image, { held }),
    () => post(`/api/images/${image.id}/${verb}`),
  );
}

export function cancelImage(image) {
  return act(
    () => queue.drop([image.id]),
    () => post(`/api/images/${image.id}/cancel`),
  );
}

export function retryImage(image, batch) {
  const change = () => {
    Object.assign(image, WAITING);
    batch.failed_count = Math.max(0, batch.failed_count - 1);
  };
  return act(change, () => post(`/api/images/${image.id}/retry`));
}

/** The picture of a grid that begins next. */
export const nextImage = (batch) => batch.images.find((image) => image.phase === "waiting") ?? null;

/** Let a picture begin before all others of its grid that wait. */
export function moveToFront(image, batch) {
  const first = nextImage(batch);
  if (!first || first === image) return undefined;
  const change = () => {
    const rest = batch.images.filter((one) => one !== image);
    rest.splice(rest.indexOf(first), 0, image);
    batch.images = rest;
  };
  return act(change, () => post(`/api/images/${image.id}/move`, { before: first.id }));
}

/** What the queue is about, for the line above it. */
export function summary() {
  const open = queue.batches.flatMap(({ images }) => images.filter(isOpen));
  const waiting = open.filter(({ phase }) => phase === "waiting").length;
  const parts = [`${plural(open.length - waiting, "picture")} in the making`];
  if (waiting) parts.push(`${waiting} waiting`);
  return parts.join(", ");
}
