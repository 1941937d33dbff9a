/** The settings of the review: what is proposed for which checkpoint, and what it takes. */
import { h } from "./dom.js";
import { gigabytes, modelName, plural } from "./format.js";
import { Setting } from "./review-setting.js";

const FIELDS = [
  ["Steps", ["steps"]],
  ["CFG", ["cfg"]],
  ["Sampler", ["sampler"]],
  ["Scheduler", ["scheduler"]],
  ["Size", ["width", "height"]],
];

/** Fields that hold for all pictures, until `signal` aborts, and a line for every checkpoint. */
export function settings(proposal, signal) {
  const { parameters } = proposal.plan;
  const fields = FIELDS.map(([label, names]) => new Setting(proposal, label, names, signal).node);
  const shared = sentences(parameters[0]).filter(({ text }) => isShared(parameters, text));
  const lines = parameters.map((one) => line(one, shared));
  if (shared.length) lines.push(h("li", {}, shared.map(said)));
  return h(
    "section",
    { class: "v-panel v-settings", "aria-label": "Settings for all pictures" },
    h("div", { class: "v-settings-fields" }, fields),
    h("ul", { class: "v-settings-lines", "aria-label": "As proposed" }, lines),
  );
}

/** What one checkpoint would be given, how long that takes, and what is to be said of it alone. */
function line(parameters, shared) {
  const { checkpoint, images, values } = parameters;
  const { steps, cfg, sampler, scheduler, width, height } = values;
  const given = `${steps} steps · CFG ${cfg} · ${sampler} ${scheduler} · ${width} × ${height}`;
  const about = [plural(images, "picture"), given, estimate(parameters)].filter(Boolean);
  const own = sentences(parameters).filter(({ text }) => !shared.some((one) => one.text === text));
  return h(
    "li",
    {},
    h("strong", { title: checkpoint }, modelName(checkpoint)),
    h("span", { class: "v-facts" }, about.join(" · ")),
    own.map(said),
  );
}

/** What it costs and what could be better. */
function sentences({ trade_offs: costs, suggestions }) {
  const [dear, kind] = [costs, suggestions].map((all) => [...new Set(all)]);
  return [...dear.map((text) => ({ text, costs: true })), ...kind.map((text) => ({ text }))];
}

const isShared = (parameters, text) =>
  parameters.every((one) => sentences(one).some((other) => other.text === text));

const said = ({ text, costs }) => h("p", { class: costs ? "v-cost" : null }, text);

/** "about 3.1 s a picture (measured), 4.1 GB (estimated)"; empty where nothing is known. */
function estimate({ seconds, vram, measured }) {
  const how = (name) => (measured[name] ? "measured" : "estimated");
  const parts = [
    seconds !== null && `about ${Number(seconds.toPrecision(2))} s a picture, ${how("seconds")}`,
    vram !== null && `${gigabytes(vram)} of memory, ${how("vram")}`,
  ];
  return parts.filter(Boolean).join(" · ");
}
