/** What the side panel says of what was learned. */
import { modelName, percent, scaleFor } from "./format.js";

const MOST = 10;

/**
 * Rows for the checkpoints that do best, each with lengths from 0 to 1 on one scale:
 * `{name, full, percent, count, spoken, rate, low, high}`.
 */
export function checkpointRows(t, checkpoints) {
  const shown = checkpoints.slice(0, MOST);
  const scale = scaleFor(shown.map(({ interval }) => interval));
  return shown.map((one) => row(t, one, scale));
}

function row(t, { checkpoint, selected, total, selection_rate: rate, interval }, scale) {
  const [low, high] = interval;
  const name = modelName(checkpoint);
  const onScale = (value) => Math.min(value / scale, 1);
  return {
    name,
    full: checkpoint,
    percent: percent(rate),
    count: t("panel.count", { selected, total }),
    spoken: t("panel.spoken", {
      name,
      rate: percent(rate),
      low: percent(low),
      high: percent(high),
    }),
    rate: onScale(rate),
    low: onScale(low),
    high: onScale(high),
  };
}

/** "You rated 12 pictures; the numbers are the studio's." */
export function learnedWords(t, { ratings, source }) {
  return `${t("panel.ratings", { count: ratings })} ${t(`panel.${source}`)}`;
}

/** Whether there is nothing to show yet. */
export const isEmpty = ({ ratings, top_checkpoints: top }) => ratings === 0 && top.length === 0;
