/** The pools of all tiers, the checkpoints in and outside of them, and every change to them. */
import { get, put } from "./api.js";
import { modelName } from "./format.js";
import { report, say } from "./notice.js";
import { profileNow } from "./lora-blocks.js";
import { Watched } from "./watched.js";

class Pools extends Watched {
  /** As GET /api/pools, /api/checkpoints and /api/gpus tell them; null before they do. */
  pools = null;
  checkpoints = [];
  fleet = [];

  async refresh() {
    const whose = `profile=${encodeURIComponent(profileNow())}`;
    const [pools, checkpoints, fleet] = await Promise.all(
      ["/api/pools", `/api/checkpoints?${whose}`, "/api/gpus"].map(get),
    );
    Object.assign(this, { pools, checkpoints, fleet });
    this.emit("change");
  }

  checkpoint(name) {
    return this.checkpoints.find((one) => one.name === name);
  }

  pool(tier) {
    return this.pools.find((one) => one.tier === tier);
  }

  /** The tiers whose pool a checkpoint is in. */
  tiersOf(name) {
    return this.pools.filter((pool) => entry(pool.checkpoints, name)).map(({ tier }) => tier);
  }

  /** The checkpoints that are in no pool. */
  get idle() {
    return this.checkpoints.filter(({ name }) => this.tiersOf(name).length === 0);
  }

  /** What was decided by hand: true in, false out; null: as the configuration says. */
  decided(tier, name) {
    const { checkpoints, left_out: out } = this.pool(tier);
    const found = entry(checkpoints, name) ?? entry(out, name);
    return found?.by === "user" ? Boolean(entry(checkpoints, name)) : null;
  }

  take(pool) {
    this.pools = this.pools.map((one) => (one.tier === pool.tier ? pool : one));
    this.emit("change");
  }
}

const entry = (list, name) => list.find((one) => one.name === name);

export const pools = new Pools();

/** Put in (true), take out (false) or leave it to the configuration (null), with the way back. */
export async function edit(tier, checkpoint, member) {
  const before = pools.decided(tier, checkpoint);
  try {
    pools.take(await put(`/api/pools/${encodeURIComponent(tier)}`, { checkpoint, member }));
    const action = { label: "Undo", run: () => edit(tier, checkpoint, before) };
    say(words(tier, checkpoint, member), { action });
  } catch (error) {
    report(error);
  }
}

function words(tier, checkpoint, member) {
  const name = modelName(checkpoint);
  if (member === null) return `For ${tier}, ${name} is again as the configuration says.`;
  return member
    ? `${name} may be chosen for ${tier}.`
    : `${name} is not chosen for ${tier} any more.`;
}

/** Everything that can be done with a checkpoint, as [label, act]. */
export function choices({ name, family }) {
  const fitting = pools.pools.filter((pool) => !family || pool.family === family);
  const inside = pools.tiersOf(name);
  const changes = fitting.map(({ tier }) =>
    inside.includes(tier)
      ? [`Take out of ${tier}`, () => edit(tier, name, false)]
      : [`Put into ${tier}`, () => edit(tier, name, true)],
  );
  const undone = fitting
    .filter(({ tier }) => pools.decided(tier, name) !== null)
    .map(({ tier }) => [`As configured: ${tier}`, () => edit(tier, name, null)]);
  return [...changes, ...undone];
}
