/** The link to a studio in words. */

/** What to send for what was typed: no address unlinks, an untouched token is left as it is. */
export function linkRequest(address, token) {
  return { url: address.trim() || null, token: token.trim() || undefined };
}

/** `{state, title, detail, waiting}` of a studio as the server told of it, in words. */
export function linkWords(t, studio) {
  return {
    state: studio.state,
    title: t(`link.${studio.state}`),
    detail: studio.detail,
    waiting: studio.waiting ? t("link.waiting", { count: studio.waiting }) : "",
  };
}

/** How a toast of the editor looks for each state. */
export const SEVERITIES = { ok: "success", off: "info", away: "warn", refused: "error" };
