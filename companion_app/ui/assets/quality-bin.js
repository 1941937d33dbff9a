/** Cleaning up: failed pictures to the bin, and the bin itself, emptied only on request. */
import { request } from "./api.js";
import { moveToBin, restore } from "./bin.js";
import { ask } from "./dialog.js";
import { button, flag, h, hint, write } from "./dom.js";
import { plural } from "./format.js";
import { leaving } from "./leaving.js";
import { LiveList } from "./list.js";
import { report, say } from "./notice.js";

/** Files asked for their size together. */
const AT_ONCE = 8;
const EMPTY = "The bin is empty. What is moved here leaves its grid, and comes back until you empty it.";

export class Bin {
  constructor() {
    this.clean = button("", () => this.cleanUp());
    this.all = button("Restore all", () => restore());
    this.drop = button("Empty the bin…", () => this.empty());
    this.count = hint("");
    this.pictures = h("ul", { class: "v-thumbs", "aria-label": "In the bin" });
    this.list = new LiveList(this.pictures, () => new Binned());
    this.node = h(
      "section",
      { class: "v-panel v-bin" },
      h(
        "header",
        { class: "v-panel-head" },
        h("div", {}, h("h3", {}, "The bin"), this.count),
        ...[this.clean, this.all, this.drop],
      ),
      this.pictures,
    );
  }

  show(images, overview) {
    this.images = images;
    this.sessions = overview.sessions.filter(({ failed }) => failed > 0);
    const failed = this.sessions.reduce((sum, session) => sum + session.failed, 0);
    write(this.clean, `Move ${plural(failed, "failed picture")} to the bin`);
    flag(this.clean, "hidden", failed === 0);
    for (const node of [this.all, this.drop, this.pictures])
      flag(node, "hidden", images.length === 0);
    write(this.count, images.length ? plural(images.length, "picture") : EMPTY);
    this.list.show(images);
  }

  cleanUp() {
    return moveToBin(...this.sessions.map(({ id }) => ({ session_id: id, tag: "failed" })));
  }

  async empty() {
    const images = this.images.map(({ id }) => id);
    const count = plural(images.length, "picture");
    const size = h("span", {}, "…");
    sizeOf(this.images).then((bytes) => write(size, megabytes(bytes)));
    const answer = await ask({
      title: "Empty the bin?",
      body: [h("p", { class: "v-hint" }, `${count}, `, size, ", will be deleted for good.")],
      confirm: `Delete ${count}`,
      danger: true,
    });
    if (!answer) return;
    try {
      const { deleted, bytes } = await request("DELETE", "/api/bin", { images });
      say(`${plural(deleted, "picture")} deleted, ${megabytes(bytes)} freed.`);
    } catch (error) {
      report(error);
    }
  }
}

/** How much disk these pictures take, in bytes. */
async function sizeOf(images) {
  let bytes = 0;
  for (let start = 0; start < images.length; start += AT_ONCE)
    for (const { headers } of await Promise.all(images.slice(start, start + AT_ONCE).map(head)))
      bytes += Number(headers.get("Content-Length") ?? 0);
  return bytes;
}

const head = ({ url }) => fetch(url, { method: "HEAD" });
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** One picture in the bin. */
class Binned {
  constructor() {
    this.picture = h("img", { alt: "", loading: "lazy", decoding: "async" });
    this.box = h("div", { class: "v-thumb" }, this.picture);
    const act = () => leaving(this.node, restore([this.id]));
    this.act = button("Restore", act, { "data-quiet": true });
    this.node = h("li", {}, this.box, this.act);
  }

  show({ id, prompt, width, height, thumbnail_url: url }) {
    this.id = id;
    if (this.picture.getAttribute("src") !== url) this.picture.src = url;
    this.picture.alt = prompt;
    this.box.style.aspectRatio = `${width} / ${height}`;
    this.act.setAttribute("aria-label", `Restore: ${prompt}`);
  }
}
