/** What the person chose by hand in MANUAL, kept in this browser. No DOM in here. */
import { Watched } from "./watched.js";

const KEY = "vibes.manual";
/** Field -> what a number in it may be; empty leaves it to the studio. */
export const NUMBERS = {
  steps: { label: "Steps", min: 1, max: 150, step: 1 },
  cfg: { label: "CFG", min: 0, max: 30, step: 0.5 },
  width: { label: "Width", min: 16, max: 8192, step: 8 },
  height: { label: "Height", min: 16, max: 8192, step: 8 },
};
const EMPTY = { checkpoint: "", loras: [], sampler: "", scheduler: "" };

/** Tells "change" when something was chosen. */
class Choice extends Watched {
  values = { ...EMPTY, ...read() };

  get checkpoint() {
    return this.values.checkpoint;
  }

  set(fields) {
    Object.assign(this.values, fields);
    localStorage.setItem(KEY, JSON.stringify(this.values));
    this.emit("change");
  }

  /** What stands in the way of making pictures; null when nothing does. */
  get objection() {
    if (!this.checkpoint)
      return "Choose a checkpoint: in Manual the studio takes the one you name.";
    const [name] = Object.keys(NUMBERS).filter((field) => !fits(field, this.values[field] ?? ""));
    if (!name) return null;
    const { label, min, max, step } = NUMBERS[name];
    const whole = { 1: "a whole number", 8: "a multiple of 8" }[step] ?? "a number";
    return `${label} is ${whole} from ${min} to ${max}; leave it empty for what suits the prompt.`;
  }

  /** Everything decided, as POST /api/generate/batch takes it. */
  get overrides() {
    const { checkpoint, loras, sampler, scheduler } = this.values;
    const numbers = Object.keys(NUMBERS)
      .filter((field) => this.values[field])
      .map((field) => [field, Number(this.values[field])]);
    return {
      checkpoint,
      loras: loras.map(({ name, strength }) => ({ name, strength })),
      ...(sampler && { sampler }),
      ...(scheduler && { scheduler }),
      ...Object.fromEntries(numbers),
    };
  }
}

/** Whether the text of a number field can be sent. */
export function fits(field, text) {
  const { min, max, step } = NUMBERS[field];
  const value = Number(text);
  return text === "" || (value >= min && value <= max && (step < 1 || value % step === 0));
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

export const choice = new Choice();
