/** What is said of a checkpoint in more than one place: where it lies, how often it is picked. */
import { rateBar } from "./bars.js";
import { h } from "./dom.js";
import { percent } from "./format.js";
import { rangeWords } from "./lora-words.js";

/** A dot for every server, full where the checkpoint is. */
export function presence({ servers }, fleet) {
  const dots = fleet.map(({ name, state }) => {
    const has = servers.includes(name);
    return h("i", {
      "data-has": has,
      "data-away": state === "offline",
      title: dotWords(name, has, state),
    });
  });
  const said = servers.length ? `on ${servers.join(", ")}` : "on no server";
  return h("span", { class: "v-presence", role: "img", "aria-label": said }, dots);
}

/** "studio-1 has it", "attic lacks it, offline". */
export const dotWords = (name, has, state) =>
  `${name} ${has ? "has" : "lacks"} it${state === "offline" ? ", offline" : ""}`;

/** How often it was picked, with the likely range; nothing where it was never shown. */
export function rateOf({ usage }, { most = 1 } = {}) {
  const { total, selected, selection_rate: rate, interval } = usage;
  if (!total) return h("span", { class: "v-hint" }, "not used yet");
  const title = `picked in ${selected} of ${total}, likely ${rangeWords(interval)}`;
  const bar = rateBar(rate, interval, { most, spoken: "Picked: " });
  return h(
    "div",
    { class: "v-rate-cell", title },
    bar,
    h("span", { class: "v-number" }, percent(rate)),
  );
}
