/** A plan and what the person changed of it. No DOM in here. */
import { Watched } from "./watched.js";

/** What can be decided for all pictures at once. */
const SETTINGS = ["steps", "cfg", "sampler", "scheduler", "width", "height"];
/** From this chance of being the best on, a choice is called sure. */
const SURE = 0.8;
const WORDS = /^(High confidence|Exploring): /;

/** Tells "settings" and "rows" when something of them was changed. */
export class Proposal extends Watched {
  /** `request` as sent, `plan` as received; `settings` were chosen before, name -> value. */
  constructor(request, plan, settings = {}) {
    super();
    Object.assign(this, { request, plan });
    this.settings = { ...settings };
    this.rows = rowsOf(plan.recipes);
    this.told = new Set(toldOnce(plan));
    this.embeddings = new Set();
  }

  /** Pictures that would be made. */
  get count() {
    return this.rows.reduce((sum, row) => sum + (row.taken ? row.indices.length : 0), 0);
  }

  /** How many rows and settings differ from what was proposed. */
  get changedCount() {
    const rows = this.rows.filter((row) => row.taken && isChanged(row));
    return rows.length + Object.keys(this.settings).length + this.embeddings.size;
  }

  /** The plan's own fields of POST /api/generate/batch. */
  get changes() {
    const edits = this.rows.flatMap((row) =>
      row.indices.map((index) => ({ index, ...editOf(row) })),
    );
    return {
      plan_id: this.plan.plan_id,
      overrides: { ...this.settings },
      edits: edits.filter((edit) => Object.keys(edit).length > 1),
      embeddings: [...this.embeddings].map(({ embedding: name, where }) => ({ name, where })),
    };
  }

  /** Decide a setting for all pictures; null leaves it as proposed. */
  set(name, value) {
    if (value === null) delete this.settings[name];
    else this.settings[name] = value;
    this.emit("settings");
  }

  has(embedding) {
    return this.embeddings.has(embedding);
  }

  /** Add a suggested embedding for all pictures, or no longer; whether it is added now. */
  toggle(embedding) {
    const added = !this.embeddings.delete(embedding);
    if (added) this.embeddings.add(embedding);
    this.emit("settings");
    return added;
  }

  change(row, fields) {
    Object.assign(row, fields);
    this.emit("rows");
  }

  /** Take this row and no other. */
  only(row) {
    for (const other of this.rows) other.taken = other === row;
    this.emit("rows");
  }

  reset(row) {
    this.change(row, row.proposed);
  }
}

/** What the review says once for all pictures: no row says it again. */
function toldOnce({ parameters, left_out: out }) {
  const reasons = SETTINGS.flatMap((name) => {
    const given = [...new Set(parameters.map(({ reasons: said }) => said[name]))];
    return given.length === 1 ? given : [];
  });
  const costs = parameters.flatMap((one) => [...one.trade_offs, ...one.suggestions]);
  return [...reasons, ...costs, ...out.map(({ reason }) => reason)];
}

/** One row for the pictures that share checkpoint and LoRAs, those with the most pictures first. */
function rowsOf(recipes) {
  const rows = new Map();
  for (const recipe of recipes) {
    const { checkpoint, loras, triggers } = recipe;
    const ordered = slim(loras).sort((a, b) => a.name.localeCompare(b.name));
    const id = JSON.stringify([checkpoint, ordered, [...triggers].sort()]);
    const row = rows.get(id) ?? newRow(id, { checkpoint, loras, triggers });
    row.indices.push(recipe.index);
    row.recipes.push(recipe);
    rows.set(id, row);
  }
  return [...rows.values()].sort((a, b) => b.indices.length - a.indices.length);
}

const newRow = (id, proposed) => ({
  ...{ id, proposed, indices: [], recipes: [], taken: true },
  ...proposed,
});

const slim = (loras) => loras.map(({ name, strength }) => ({ name, strength }));
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** The fields of a row that differ from what was proposed. */
function editOf({ taken, checkpoint, loras, triggers, proposed }) {
  if (!taken) return { drop: true };
  return {
    ...(checkpoint !== proposed.checkpoint && { checkpoint }),
    ...(!same(slim(loras), slim(proposed.loras)) && { loras: slim(loras) }),
    ...(!same(triggers, proposed.triggers) && { triggers }),
  };
}

/** Something of the row was changed; leaving it out is no change. */
export function isChanged(row) {
  return Object.keys(editOf({ ...row, taken: true })).length > 0;
}

/** There are other LoRAs but no decision on the words added for them: the studio finds those. */
export function findsWords({ loras, triggers, proposed }) {
  const [now, before] = [loras, proposed.loras].map((all) => all.map(({ name }) => name));
  return !same(now, before) && same(triggers, proposed.triggers);
}

/** "High confidence" or "Exploring", and the reason without that word before it. */
export function spoken({ reason, chance_best: chance }) {
  const said = reason?.match(WORDS);
  const sure = said ? said[1] === "High confidence" : chance >= SURE;
  const word = sure ? "High confidence" : "Exploring";
  return { sure, word, reason: said ? reason.slice(said[0].length) : (reason ?? "") };
}
