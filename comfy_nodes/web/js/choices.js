/** What a node chose and why, as it reported it. */

/** From one sentence to every number. */
export const LEVELS = ["minimal", "standard", "detailed", "technical"];

/** The choice in a node's output, `{kind, badge, reason, why}`, or null. */
export const choiceOf = (output) => output?.vibes_choice?.[0] ?? null;

/** The sentences of a level; the reason alone where the node told no more. */
export function sentences(choice, level) {
  const told = choice.why?.[level] ?? [];
  return told.length ? told : [choice.reason];
}

/** The level an arrow key leads to, or undefined for another key; the ends are joined. */
export function levelAfter(level, key) {
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  const ends = { Home: LEVELS[0], End: LEVELS.at(-1) };
  if (key in ends) return ends[key];
  if (!(key in steps)) return undefined;
  return LEVELS[(LEVELS.indexOf(level) + steps[key] + LEVELS.length) % LEVELS.length];
}
