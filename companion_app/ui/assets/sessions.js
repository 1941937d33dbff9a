/** The list of sessions: new, reopen, rename, delete. */
import { get, patch, remove } from "./api.js";
import { ask, field, show } from "./dialog.js";
import { button, h, hint } from "./dom.js";
import { report } from "./notice.js";
import { store } from "./store.js";
import { closeSession, createSession, openSession } from "./studio.js";

const NONE_YET =
  "None yet. A session keeps a prompt, its grids and picks together; Generate starts one by itself.";

/** Open the list beside the page. */
export async function openSessions() {
  const list = h("ul", { class: "v-sessions" });
  const trouble = h("p", { class: "v-trouble", role: "status" });
  const close = () => dialog.close();
  const fresh = button("New session", () => newSession(close), {
    "data-kind": "primary",
    autofocus: true,
  });
  const head = h(
    "header",
    {},
    h("h2", {}, "Sessions"),
    button("✕", close, { class: "v-button v-icon", "aria-label": "Close" }),
  );
  const dialog = h(
    "dialog",
    { class: "v-drawer", "aria-label": "Sessions" },
    head,
    fresh,
    trouble,
    list,
  );
  const view = {
    list,
    close,
    refresh: () => fill(view),
    fail: (error) => (trouble.textContent = error.message),
  };
  show(dialog);
  await view.refresh();
}

async function fill(view) {
  try {
    const sessions = await get("/api/sessions");
    const newest = [...sessions].sort((a, b) => b.created.localeCompare(a.created));
    const none = h("li", { class: "v-hint" }, NONE_YET);
    view.list.replaceChildren(
      ...(newest.length ? newest.map((session) => row(session, view)) : [none]),
    );
  } catch (error) {
    view.fail(error);
  }
}

function row(session, view) {
  const { id, name, profile, stage, created } = session;
  const when = new Date(created).toLocaleString(undefined, {
    dateStyle: "medium",
    timeStyle: "short",
  });
  const facts = [store.stageName(stage), profile === "default" ? null : profile, when]
    .filter(Boolean)
    .join(" · ");
  const open = button(
    [h("strong", {}, name), h("span", { class: "v-hint" }, facts)],
    () => reopen(id, view),
    {
      class: "v-session-open",
      "aria-current": id === store.session?.id ? "true" : null,
    },
  );
  const rename = button("Rename", () => renameSession(session, view), { "data-quiet": true });
  const drop = button("Delete", () => deleteSession(session, view), { "data-quiet": true });
  return h("li", {}, open, rename, drop);
}

async function reopen(id, view) {
  try {
    await openSession(id);
    view.close();
  } catch (error) {
    view.fail(error);
  }
}

async function newSession(close) {
  const profiles = await get("/api/profiles").catch(() => []);
  const names = profiles.map(({ name }) => h("option", { value: name }));
  const answer = await ask({
    title: "New session",
    body: [
      field("Name (optional)", h("input", { name: "name", maxlength: "120", autofocus: true })),
      field(
        "Profile: whose taste it learns",
        h("input", {
          name: "profile",
          list: "vibes-profiles",
          placeholder: "default",
          maxlength: "60",
        }),
      ),
      h("datalist", { id: "vibes-profiles" }, ...names),
    ],
    confirm: "Create",
  });
  if (!answer) return;
  try {
    const entries = Object.entries(answer).map(([key, value]) => [key, value.trim()]);
    await createSession(Object.fromEntries(entries.filter(([, value]) => value)));
  } catch (error) {
    report(error);
  }
  close();
}

async function renameSession({ id, name }, view) {
  const input = h("input", { name: "name", required: true, maxlength: "120", autofocus: true });
  input.value = name;
  const answer = await ask({
    title: "Rename the session",
    body: [field("Name", input)],
    confirm: "Rename",
  });
  if (!answer?.name.trim()) return;
  await change(view, async () => {
    const renamed = await patch(`/api/sessions/${id}`, { name: answer.name.trim() });
    if (id === store.session?.id) store.setSession({ ...store.session, name: renamed.name });
  });
}

async function deleteSession({ id, name }, view) {
  const what = hint("Its grids and pictures go; what the studio has learned from them stays.");
  const answer = await ask({
    title: `Delete “${name}”?`,
    body: [what],
    confirm: "Delete",
    danger: true,
  });
  if (!answer) return;
  await change(view, async () => {
    await remove(`/api/sessions/${id}`);
    if (id === store.session?.id) closeSession();
  });
}

async function change(view, run) {
  try {
    await run();
    await view.refresh();
  } catch (error) {
    view.fail(error);
  }
}
