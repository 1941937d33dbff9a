/** LoRAs by strength as small curves, and pairs of LoRAs alone and together. */
import { rateBar, scaleFor, svg } from "./bars.js";
import { h, hint } from "./dom.js";
import { percent } from "./format.js";

const [WIDTH, HEIGHT] = [240, 104];
const EDGE = { left: 42, right: 8, top: 8, bottom: 20 };
const PARTS = [
  ["first", 0],
  ["second", 1],
  ["both", null],
];

/** The sections about strengths and pairs; what has nothing to show is left out. */
export function curves({ loras, pairs }) {
  return [loras.length && strengths(loras), pairs.length && together(pairs)].filter(Boolean);
}

function strengths(loras) {
  const most = scaleFor(loras.flatMap(({ points }) => points.map(({ interval }) => interval)));
  return h(
    "section",
    { class: "v-panel" },
    h("h3", {}, "LoRAs by strength"),
    hint("How many of such pictures you would pick, with the likely range; dashed is the usual."),
    h("div", { class: "v-curves" }, ...loras.map((lora) => figure(lora, most))),
  );
}

function figure(lora, most) {
  return h(
    "figure",
    {},
    h("figcaption", {}, h("strong", { class: "v-cut", title: lora.name }, lora.label)),
    curve(lora, most),
    hint(lora.sentence),
  );
}

function curve({ points, usual, sentence }, most) {
  const places = points.map(({ strength }) => strength);
  const [least, last] = [Math.min(...places), Math.max(...places)];
  const span = last - least || 1;
  const wide = WIDTH - EDGE.left - EDGE.right;
  const x = (strength) =>
    EDGE.left + (places.length > 1 ? ((strength - least) / span) * (wide - 24) + 12 : wide / 2);
  const y = (rate) => HEIGHT - EDGE.bottom - (rate / most) * (HEIGHT - EDGE.top - EDGE.bottom);
  const at = (point, rate) => `${x(point.strength).toFixed(1)},${y(rate).toFixed(1)}`;
  const upper = points.map((point) => at(point, point.interval[1]));
  const lower = points.map((point) => at(point, point.interval[0])).reverse();
  return svg(
    "svg",
    { class: "v-curve", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": sentence },
    axis(most, y),
    svg("line", { class: "v-usual", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(usual), y2: y(usual) }),
    points.length > 1 && svg("polygon", { points: [...upper, ...lower].join(" ") }),
    points.length > 1 && svg("polyline", { points: points.map((p) => at(p, p.rate)).join(" ") }),
    points.map((point) => mark(point, x, y)),
  );
}

function mark(point, x, y) {
  const [low, high] = point.interval;
  const centre = x(point.strength);
  const seen = `${point.strength}: ${point.selected} of ${point.total}, ${percent(point.rate)}`;
  return svg(
    "g",
    {},
    svg("title", {}, `${seen} (${percent(low)} to ${percent(high)})`),
    svg("line", { class: "v-whisker", x1: centre, x2: centre, y1: y(low), y2: y(high) }),
    svg("circle", { cx: centre, cy: y(point.rate), r: 4, "data-sure": point.sure ? "" : null }),
    svg("text", { x: centre, y: HEIGHT - 6, "text-anchor": "middle" }, String(point.strength)),
  );
}

function axis(most, y) {
  return [0, most].map((rate) =>
    svg("text", { x: EDGE.left - 6, y: y(rate) + 4, "text-anchor": "end" }, percent(rate)),
  );
}

function together(pairs) {
  return h(
    "section",
    { class: "v-panel" },
    h("h3", {}, "LoRAs alone and together"),
    hint("Share of pictures you picked, with its interval: with one, with the other, with both."),
    h("div", { class: "v-duos" }, ...pairs.map(duo)),
  );
}

function duo(pair) {
  const rows = PARTS.map(([key, place]) => {
    const name = place === null ? "both" : pair.labels[place];
    const count = pair[key];
    const bar = rateBar(count.selection_rate, count.interval, { spoken: `${name}: ` });
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, h("span", { class: "v-cut", title: pair.loras[place] }, name)),
      h("td", {}, bar),
      h("td", { class: "v-number" }, `${count.selected} of ${count.total}`),
    );
  });
  return h("table", { class: "v-duo", "aria-label": pair.sentence }, h("tbody", {}, ...rows));
}
