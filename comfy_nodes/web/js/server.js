/** The pack's routes in the ComfyUI that serves this page. */

/**
 * A request was not answered as hoped; the message is a sentence for the person. `code` names the
 * kind of it, `problems` are all that are wrong with a workflow.
 */
export class Refused extends Error {
  constructor(message, { code = "", problems = [] } = {}) {
    super(message);
    Object.assign(this, { code, problems });
  }
}

/** Pictures the server tells of at once. */
const MOST_IMAGES = 200;
const JSON_TYPE = { "Content-Type": "application/json" };

export class Server {
  /** Statistics as last answered, and the ETag they came with. */
  #known = { etag: null, statistics: null };

  /** `fetchApi` is the editor's; `t` says what a broken connection means. */
  constructor({ fetchApi, t }) {
    this.fetchApi = fetchApi;
    this.t = t;
  }

  /** Store a rating; returns `{image, overall, teaches, detail}`. */
  async rate(image, overall) {
    return this.#told(await this.#send("/vibes/rate", sending("POST", { image, overall })));
  }

  /** What was said last of pictures, here or anywhere: `{image: 1..5 | null}`. */
  async ratings(images) {
    const found = {};
    for (let start = 0; start < images.length; start += MOST_IMAGES) {
      const asked = images.slice(start, start + MOST_IMAGES).map((image) => ["image", image]);
      const reply = await this.#send(`/vibes/ratings?${new URLSearchParams(asked)}`);
      Object.assign(found, (await this.#told(reply)).ratings);
    }
    return found;
  }

  /** How it stands with the studio: `{url, has_token, state, detail, waiting, fixed}`. */
  async studio() {
    return this.#told(await this.#send("/vibes/studio"));
  }

  /** Link a studio, or none where `url` is null; without a token the stored one is kept. */
  async link({ url, token }) {
    const body = token ? { url, token } : { url };
    return this.#told(await this.#send("/vibes/studio", sending("PUT", body)));
  }

  /** Hand the editor's workflow, in both its forms, to the studio; returns `{name}`. */
  async sendWorkflow(name, { workflow, graph }) {
    const body = sending("POST", { name, workflow, graph });
    return this.#told(await this.#send("/vibes/workflow", body));
  }

  /** What was learned: `{profile, source, ratings, top_checkpoints}`; sent again only when new. */
  async statistics() {
    const { etag, statistics } = this.#known;
    // The browser's own cache would answer a condition of ours with the whole body.
    const asked = { cache: "no-store", headers: etag ? { "If-None-Match": etag } : {} };
    const reply = await this.#send("/vibes/statistics", asked);
    if (reply.status === 304) return statistics;
    const told = await this.#told(reply);
    this.#known = { etag: reply.headers.get("ETag"), statistics: told };
    return told;
  }

  async #send(path, options) {
    try {
      return await this.fetchApi(path, options);
    } catch {
      throw new Refused(this.t("server.gone"));
    }
  }

  async #told(reply) {
    const body = await reply.json().catch(() => null);
    if (reply.ok && body) return body;
    const odd = this.t("server.odd", { status: reply.status });
    throw new Refused(body?.detail ?? odd, body ?? {});
  }
}

function sending(method, body) {
  return { method, headers: { ...JSON_TYPE }, body: JSON.stringify(body) };
}
