/** The studio's event stream, applied to the store. One stream a page, none while it is hidden. */
import { hush, say } from "./notice.js";
import { store } from "./store.js";
import { isPending } from "./picks.js";

const RETRY_MS = 2000;
const PATIENCE_MS = 4000;
const LOST =
  "The connection to the studio is lost. This page comes back by itself as soon as the studio does.";
const GAP_MS = 50;
const handlers = {
  image,
  image_scored,
  bin: moved,
  batch,
  selection,
  servers,
  session,
  effects,
  reset,
  progress: live,
  preview: live,
};
const OTHERS = ["queue"];
const channel = new EventTarget();

let source = null;
let onReload = null;
let held = null;
let lost = false;
let alarm = null;
let gap = null;

/** Start listening; `reload` fetches everything anew after a gap in the stream. */
export function listen(reload) {
  onReload = reload;
  document.addEventListener("visibilitychange", () =>
    document.hidden ? close() : open({ reload: true }),
  );
  window.addEventListener("pagehide", close);
  open();
}

/** Run `handler` on every event of `types`, of any grid and session, until `signal` aborts. */
export function hear(types, handler, signal) {
  for (const type of types)
    channel.addEventListener(type, ({ detail }) => handler(detail), { signal });
}

/** Keep events back while `load` fetches a snapshot, then apply them on top of it. */
export async function during(load) {
  const outer = held;
  held ??= [];
  try {
    return await load();
  } finally {
    if (!outer) {
      const waiting = held;
      held = null;
      waiting.forEach(apply);
    }
  }
}

function open({ reload = false } = {}) {
  if (source) return;
  source = new EventSource("/api/events");
  source.onopen = () => {
    clearTimeout(alarm);
    hush(LOST);
    if (reload || lost) receive({ type: "reset" });
    reload = lost = false;
    alarm = null;
  };
  source.onerror = reconnect;
  for (const type of ["message", ...OTHERS, ...Object.keys(handlers)]) {
    source.addEventListener(type, ({ data }) => receive(JSON.parse(data)));
  }
}

/** The browser reconnects by itself unless the reply was refused; then we do. */
function reconnect() {
  lost = true;
  alarm ??= setTimeout(() => say(LOST, { kind: "error" }), PATIENCE_MS);
  if (source?.readyState !== EventSource.CLOSED) return;
  close();
  setTimeout(() => document.hidden || open(), RETRY_MS);
}

function close() {
  source?.close();
  source = null;
}

function receive(event) {
  if (held) held.push(event);
  else apply(event);
}

function apply(event) {
  handlers[event.type]?.(event);
  channel.dispatchEvent(new CustomEvent(event.type, { detail: event }));
}

/** Events are missing: fetch anew, once for all the gaps told of at the same time. */
function reset() {
  gap ??= setTimeout(() => {
    gap = null;
    if (!store.busy) onReload();
  }, GAP_MS);
}

const isShown = (event) => event.batch_id && event.batch_id === store.batch?.id;

/** Each new attempt begins without progress; a pick not stored yet is left alone. */
function image({ type, id, batch_id, image_id, ...fields }) {
  if (!isShown({ batch_id })) return;
  const { state, server } = store.image(image_id) ?? {};
  if (fields.state !== state || fields.server !== server) fields.progress = null;
  if (isPending(image_id)) delete fields.selection;
  store.patchImage(image_id, fields);
}

function image_scored({ type, id, batch_id, image_id, ...fields }) {
  if (isShown({ batch_id })) store.setScore(image_id, fields);
}

/** Pictures went into the bin, or out of it: the grid is fetched anew, as some may be gone. */
function moved(event) {
  if (isShown(event)) reset();
}

function batch({ type, id, batch_id, ...fields }) {
  if (isShown({ batch_id })) store.patchBatch(fields);
}

function selection({ batch_id, image_id, selection: value }) {
  if (isShown({ batch_id }) && !isPending(image_id))
    store.patchImage(image_id, { selection: value });
}

function servers({ online, total }) {
  store.setServers({ online, total });
}

/** Another tab or device moved this session on: follow it. */
function session({ session_id, batch_id }) {
  const moved = session_id === store.session?.id && batch_id !== (store.batch?.id ?? null);
  if (moved && !store.busy) onReload();
}

function effects(event) {
  store.setEffect(event);
}

function live(event) {
  if (isShown(event)) store.setLive(event);
}
