/** The checkpoints there are, and whether a LoRA fits one. */
import { get } from "./api.js";
import { familyName, modelName } from "./format.js";
import { Watched } from "./watched.js";

class Models extends Watched {
  checkpoints = [];

  /** Ask the studio what there is now. */
  async load() {
    this.checkpoints = await get("/api/checkpoints");
    this.emit("change");
  }

  /** The family of a checkpoint; null where nothing says which. */
  familyOf(checkpoint) {
    return this.checkpoints.find(({ name }) => name === checkpoint)?.family ?? null;
  }

  /** Why a LoRA (as GET /api/loras lists it) changes nothing beside a checkpoint; null if it may. */
  misfit(checkpoint, { name, base_model: base }) {
    const family = this.familyOf(checkpoint);
    if (!family || !base || family === base) return null;
    return `${modelName(name)} is for ${familyName(base)} and changes nothing in ${familyName(family)}.`;
  }
}

export const models = new Models();
