/** How well a picture shows what was asked, in words. No DOM in here. */

/** What a tag looks like beside its word: colour is never the only sign. */
export const TAGS = { success: "✓", partial: "◐", failed: "✕" };
export const FLAG = "⚑";
const UNLABELLED = "Relative, not a percentage, until you have labelled enough pictures.";

/** 83.2 -> "83 %"; cut, not rounded: 79.8 is no 80, from which on it is a success. */
export const percentOf = (percent) => `${Math.floor(percent)} %`;

/** 1 -> "1st", 12 -> "12th", 23 -> "23rd". */
export function ordinal(number) {
  const isTeen = number % 100 > 10 && number % 100 < 14;
  return `${number}${(!isTeen && ["th", "st", "nd", "rd"][number % 10]) || "th"}`;
}

/** What a card says of its score; "" where there is none. */
export function scoreText(adherence) {
  if (!adherence) return "";
  const { percent, rank, of } = adherence;
  return percent === null ? `${ordinal(rank)} of ${of}` : percentOf(percent);
}

/** The same in a sentence. */
export function scoreTitle(adherence) {
  if (!adherence) return "";
  const { percent, tag, flagged, rank, of } = adherence;
  if (percent === null)
    return `${ordinal(rank)} best of ${of} scored in this grid. ${UNLABELLED}`;
  const doubt = flagged ? " Flagged: look whether it shows everything." : "";
  return `By your labels, ${percentOf(percent)} likely to show what was asked: ${tag}.${doubt}`;
}

/** What a screen reader says of it with the picture; null where there is nothing to say. */
export function scoreSpoken(adherence) {
  if (!adherence) return null;
  const { percent, tag, flagged } = adherence;
  const said = percent === null ? `match ${scoreText(adherence)}, relative` : `match ${percentOf(percent)}, ${tag}`;
  return flagged ? `${said}, flagged` : said;
}

/** Negative where `a` shows better what was asked than `b`; null where one of them has no score. */
export function compareScores(a, b) {
  if (!a || !b) return null;
  const [first, second] = [a, b].map(({ percent, overall }) => percent ?? overall);
  const isAlike = (a.percent === null) === (b.percent === null);
  return isAlike ? second - first : b.overall - a.overall;
}
