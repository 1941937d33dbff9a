/** LoRAs as one long list, read a page at a time. */
import { ApiError } from "./api.js";

const PAGE = 60;

/** What was asked for, page after page. */
export class Pages {
  /** How many there are; null while that is not known. */
  total = null;
  count = 0;
  /** Somebody is reading it. */
  isBusy = false;

  /** `wish` holds query, family, tag, state and profile, each of them or none. */
  constructor(wish) {
    this.wish = wish;
  }

  get isDone() {
    return this.total !== null && this.count >= this.total;
  }

  /** The next LoRAs, a page or as many as are wanted; fewer only at the end. */
  async next(wanted = PAGE) {
    const { items, total } = await read(this.wish, Math.max(PAGE, wanted), this.count);
    this.total = total;
    this.count += items.length;
    return items;
  }
}

/** How many LoRAs a wish without a state would find. */
export async function countOf(wish) {
  return (await read(wish, 1, 0)).total;
}

/** One LoRA by its name; null when it is gone. */
export async function readLora(name, profile) {
  const { items } = await read({ query: name, profile }, PAGE, 0);
  return items.find((lora) => lora.name === name) ?? null;
}

async function read({ query, family, tag, state, profile }, limit, offset) {
  const asked = { query, base_model: family, tag, state, profile, limit, offset };
  const given = Object.entries(asked).filter(([, value]) => value !== null && value !== undefined);
  const response = await fetch(`/api/loras?${new URLSearchParams(given)}`).catch(() => null);
  const reply = await response?.json().catch(() => null);
  if (!response?.ok || !reply)
    throw new ApiError(reply?.detail ?? "The studio does not answer: try again in a moment.");
  return { items: reply, total: Number(response.headers.get("X-Total-Count")) };
}
