/** What is known of a server, in words. */
import { clock, gigabytes, plural } from "./format.js";

/** "http://192.168.1.20:8188/" -> "192.168.1.20:8188". */
export const shortAddress = (url) => url.replace(/^http:\/\//, "").replace(/\/$/, "");

/** Its state in one word or two. */
export function stateWords({ state, draining, resting_seconds: resting }) {
  if (resting) return "resting";
  if (draining) return state === "offline" ? "offline, not used" : "not used";
  return state;
}

export const SOURCES = { config: "configuration file", page: "added on this page" };

/** Why it does nothing now; `since` seconds have passed since the status was told. */
export function reasonWords({ reason, waiting, draining, resting_seconds: resting }, since) {
  const again = resting ? `It is tried again in ${clock(Math.max(0, resting - since))}.` : "";
  const idle = draining && "It finishes what it has and gets nothing new.";
  return [reason || (!resting && waiting) || idle, again].filter(Boolean).join(" ");
}

/** "9.1 of 24.0 GB used"; empty where the server does not say. */
export function memoryWords({ vram_total: total, vram_free: free }) {
  if (!total) return "";
  return `${((total - (free ?? 0)) / 2 ** 30).toFixed(1)} of ${gigabytes(total)} used`;
}

/** "1 running, 2 waiting". */
export function queueWords({ queue_running: running = 0, queue_pending: pending = 0 }) {
  const parts = [running && `${running} running`, pending && `${pending} waiting`];
  return parts.filter(Boolean).join(", ") || "empty";
}

const seconds = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
const tierWords = (tier) => tier.replaceAll("_", " ");

/** Pairs like "512×768 sd15 draft" and "1.9 s", fastest first. */
export function speedWords({ speeds = [] }) {
  return [...speeds]
    .sort((a, b) => a.seconds - b.seconds)
    .map(({ tier, width, height, seconds: taken }) => {
      return [`${width}×${height} ${tierWords(tier)}`, seconds(taken)];
    });
}

export const switchWords = ({ switch_seconds: cost }) => (cost ? seconds(cost) : null);

/** The device and program behind an address: "NVIDIA RTX A4000 · ComfyUI 0.3.64". */
export function machineWords({ device, version }) {
  return [device, version && `ComfyUI ${version}`].filter(Boolean).join(" · ");
}

/** What a test of an address found, as facts. */
export function probeWords(found) {
  return [
    machineWords(found),
    found.vram_total && gigabytes(found.vram_total),
    plural(found.checkpoints, "checkpoint"),
    plural(found.loras, "LoRA"),
    found.pack ? "with the Vibes nodes" : "without the Vibes nodes, which the studio does not need",
    `answered in ${found.seconds.toFixed(2)} s`,
  ]
    .filter(Boolean)
    .join(" · ");
}

const GENERIC = /^(localhost|127\.|\[|0\.0\.0\.0)/;

/** A name for a server at `url` that none of `taken` has; empty while the address is none. */
export function proposeName(url, taken) {
  const host = /^\w+:\/\/([^/:?#]+)/.exec(url)?.[1] ?? "";
  if (!host) return "";
  const [, last] = /^\d+\.\d+\.\d+\.(\d+)$/.exec(host) ?? [];
  const first = host.split(".")[0].replace(/[^\w-]/g, "");
  const base = GENERIC.test(host) ? "local" : last ? `studio-${last}` : first || "studio";
  let name = base;
  for (let number = 2; taken.includes(name); number += 1) name = `${base}-${number}`;
  return name;
}

/** What was typed, as an address: "10.0.0.5:8188" -> "http://10.0.0.5:8188". */
export function asAddress(typed) {
  const text = typed.trim();
  return text && !/^\w+:\/\//.test(text) ? `http://${text}` : text;
}
