/** From statistics to sentences: who wins for which words, who loses, and how sure that is. */
import { modelName } from "./format.js";

const ENOUGH = 3;
const MOST = 6;
/** `confidence` from which the evidence outweighs what was assumed before. */
const SURE = 0.5;

/** The clearest differences from the overall pick rate, as sentences. */
export function sentences(stats, tables) {
  const { selected = 0 } = stats.action_counts;
  const usual = stats.total_preferences ? selected / stats.total_preferences : 0;
  const forWords = [...tables.keyword_checkpoint, ...tables.keyword_lora]
    .filter(({ total }) => total >= ENOUGH)
    .map((row) => ({ row, margin: distance(row, usual) }))
    .filter(({ margin }) => margin !== 0)
    .sort((a, b) => Math.abs(b.margin) - Math.abs(a.margin))
    .slice(0, MOST);
  if (forWords.length === 0) return leader(tables.checkpoint);
  return forWords.map(({ row, margin }) => (margin > 0 ? wins(row) : loses(row)));
}

/** While nothing is clear for any word: who is ahead over all of them. */
function leader(checkpoints) {
  const [best] = checkpoints
    .filter(({ total }) => total >= ENOUGH)
    .sort((a, b) => b.selection_rate - a.selection_rate);
  if (!best) return [];
  const {
    parts: [model],
    selected,
    total,
  } = best;
  return [
    `${modelName(model)} leads so far: you picked ${selected} of ${total}. No word has a clear favourite yet.`,
  ];
}

/** How far the whole interval lies above (+) or below (-) the usual rate; 0 when it spans it. */
function distance({ interval: [low, high] }, usual) {
  if (low > usual) return low - usual;
  return high < usual ? high - usual : 0;
}

function wins({ parts: [word, model], selected, total, confidence }) {
  return `You pick ${modelName(model)} for “${word}”: ${selected} of ${total}, ${sureness(confidence)}.`;
}

function loses({ parts: [word, model], selected, total, confidence }) {
  return `For “${word}” ${modelName(model)} loses: ${selected} of ${total}, ${sureness(confidence)}.`;
}

const sureness = (confidence) => (confidence >= SURE ? "high confidence" : "still exploring");
