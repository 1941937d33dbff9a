/** What was asked to go is seen to go at once, before the studio has answered. */
import { flag } from "./dom.js";

/** Pale until `going` is settled; where it failed, as it was. */
export async function leaving(node, going) {
  flag(node, "data-leaving", true);
  await going;
  flag(node, "data-leaving", false);
}
