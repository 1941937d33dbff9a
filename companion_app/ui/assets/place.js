/** Which session is open: in the address for reload and second tabs, in the browser for next time. */

const KEY = "vibes.session";

/** The session's id; null when none was open. */
export function remembered() {
  return new URLSearchParams(location.hash.slice(1)).get("session") ?? localStorage.getItem(KEY);
}

export function remember(id) {
  localStorage.setItem(KEY, id);
  replaceHash(`#session=${id}`);
}

export function forget() {
  localStorage.removeItem(KEY);
  replaceHash("");
}

function replaceHash(hash) {
  history.replaceState(history.state, "", location.pathname + location.search + hash);
}
