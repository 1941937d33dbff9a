/** Every act of the Studio tab: each is one REST call, shown at once and followed by the truth. */
import { get, post } from "./api.js";
import { during, listen } from "./events.js";
import { plural } from "./format.js";
import { hush, report, say } from "./notice.js";
import { settled } from "./picks.js";
import { placeholder } from "./placeholder.js";
import { forget, remember, remembered } from "./place.js";
import { scoring } from "./scoring.js";
import { store } from "./store.js";

/** Settles once the page knows what it stands on; acts of the impatient wait for it. */
let isReady;
export const ready = new Promise((resolve) => (isReady = resolve));
/** The id of the session last asked for; what arrives late of another one is not shown. */
let wanted = null;

/** Load what the page stands on, then the session it was left in. */
export async function start() {
  listen(reload);
  await attempt(async () => {
    const [settings, health] = await Promise.all([get("/api/settings"), get("/health")]);
    store.setSettings(settings);
    store.setServers(health.servers);
    scoring.refresh().catch(() => {}); // without it nothing is scored; its tab says why
    await reopen();
  });
  isReady();
  window.addEventListener("hashchange", () => {
    if (remembered() !== store.session?.id) attempt(reopen);
  });
}

async function reopen() {
  const id = remembered();
  if (!id) return;
  try {
    store.wantsFocus = true;
    await openSession(id);
  } catch (error) {
    if (error.status !== 404) throw error;
    closeSession();
  }
}

/** Show a session and the grid it stands at. */
export async function openSession(id) {
  wanted = id;
  try {
    if (await show(id)) remember(id);
  } catch (error) {
    if (wanted === id) wanted = store.session?.id ?? null;
    throw error;
  }
}

/** Whether the session could be shown: no other one was asked for while it was fetched. */
function show(id) {
  return during(async () => {
    const session = await get(`/api/sessions/${id}`);
    const batch = session.batch_id ? await get(`/api/batches/${session.batch_id}`) : null;
    if (wanted !== id) return false;
    store.setSession(session);
    store.setBatch(batch);
    return true;
  });
}

/** Leave the open session; the next Generate makes a new one. */
export function closeSession() {
  wanted = null;
  forget();
  store.setSession(null);
  store.setBatch(null);
}

export async function createSession(fields) {
  const { id } = await post("/api/sessions", fields);
  await openSession(id);
}

/** Fetch the open session, its grid and how many servers there are anew. */
export function reload() {
  return attempt(async () => {
    const counted = get("/health").then(({ servers }) => store.setServers(servers));
    scoring.refresh().catch(() => {});
    if (wanted) await show(wanted);
    await counted;
  });
}

/** Open the session a grid belongs to, at that grid. */
export async function openGrid({ id, session_id: session }) {
  await post(`/api/sessions/${session}/navigate`, { to: id });
  await openSession(session);
}

/** Draw a new grid; `request` holds the fields of POST /api/generate/batch. */
export function generate(request) {
  return act(placeholder(request.count, request.aspect_ratio, 0), async () => {
    const session_id = await needSession();
    await post("/api/generate/batch", { session_id, ...request });
  });
}

/** The id of the open session; without one a new one is begun. */
export async function needSession() {
  if (!store.session) {
    store.setSession(await post("/api/sessions"));
    wanted = store.session.id;
  }
  remember(store.session.id);
  return store.session.id;
}

/** Submit the grid: `action` is advance, refine or more_like_this. */
export function iterate(action, fields = {}) {
  const { batch, session } = store;
  const stage = batch.stage + (action === "advance" ? 1 : 0);
  const count = action === "refine" ? store.picked.length : store.settings.stages[stage].size;
  return act(placeholder(count, batch.images[0], stage), () =>
    post("/api/iterate", { session_id: session.id, batch_id: batch.id, action, ...fields }),
  );
}

/** Reject the whole grid and step back to the one it came from. */
export function rejectAll(feedback) {
  const { batch, session } = store;
  const body = { session_id: session.id, batch_id: batch.id, ...(feedback && { feedback }) };
  return act(null, async () => {
    const { rejected } = await post("/api/iterate/reject-all", body);
    const action = { label: "Go back to it", run: () => navigate(batch.id) };
    say(`${plural(rejected, "picture")} rejected.`, { action });
  });
}

/** Walk the tree of grids: "back", "forward" or a grid's id. */
export function navigate(to) {
  const { session } = store;
  if (!session) return undefined;
  if (to === "back" && !session.can_back) return say("This is the first grid.");
  if (to === "forward" && !session.can_forward)
    return say("This is the newest grid of this branch.");
  return act(null, () => post(`/api/sessions/${session.id}/navigate`, { to }));
}

/** pause, resume, cancel or retry the grid's rendering. */
export function steer(verb) {
  const { id } = store.batch;
  return attempt(async () => {
    await post(`/api/batches/${id}/${verb}`);
    await reload();
  });
}

/** Tell the studio a picture was saved; saving itself is the browser's download. */
export function noteSaved(imageId) {
  return attempt(() => post(`/api/images/${imageId}/actions`, { action: "saved" }));
}

/** Do one thing at a time: show `preview` at once, run it, show the truth, or go back and say why. */
export async function act(preview, run, refused = report) {
  if (store.busy) return;
  store.setBusy(true);
  await ready;
  hush();
  const before = store.batch;
  if (preview) store.setBatch(preview);
  try {
    await settled();
    await run();
    if (wanted) await show(wanted);
  } catch (error) {
    if (preview && store.batch === preview) store.setBatch(before);
    refused(error);
  } finally {
    store.setBusy(false);
  }
}

async function attempt(run) {
  try {
    await run();
  } catch (error) {
    report(error, { label: "Try again", run: () => attempt(run) });
  }
}
