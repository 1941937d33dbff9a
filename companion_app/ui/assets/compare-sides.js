/** The LoRAs laid aside to be compared: two at most. No DOM in here. */
import { familyName } from "./format.js";
import { Watched } from "./watched.js";

const USUAL = 0.7;

/** What its maker advises, or what is usual. */
export const strengthOf = (lora) => lora.recommended_strength ?? USUAL;

class Sides extends Watched {
  /** LoRAs as GET /api/loras tells them. */
  loras = [];

  /** What they are made for, as far as that is known. */
  get families() {
    return [...new Set(this.loras.map((lora) => lora.base_model).filter(Boolean))];
  }

  /** Why they cannot be compared; null when they can. */
  get quarrel() {
    const [a, b] = this.families.map(familyName);
    return b ? `One is made for ${a}, the other for ${b}: no checkpoint suits both.` : null;
  }

  /** Lay one aside; a third takes the place of the second. */
  add(lora) {
    const others = this.loras.filter(({ name }) => name !== lora.name);
    this.loras = [...others.slice(0, 1), lora];
    this.emit("change");
  }

  drop(name) {
    this.loras = this.loras.filter((lora) => lora.name !== name);
    this.emit("change");
  }

  clear() {
    this.loras = [];
    this.emit("change");
  }
}

export const compare = new Sides();
