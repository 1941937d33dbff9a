/** Numbers and names as they are read. */

/** "folder/name.safetensors" or "folder\name.safetensors" -> "name". */
export function modelName(name) {
  return name
    .split(/[\\/]/)
    .pop()
    .replace(/\.(safetensors|ckpt|pt|pth|sft|gguf)$/i, "");
}

export const percent = (share) => `${Math.round(share * 100)} %`;

/** The end of a scale for these intervals of rates: the next tenth, so that bars fill their track. */
export function scaleFor(intervals) {
  const top = Math.max(0.1, ...intervals.map(([, high]) => high));
  return Math.min(1, Math.ceil(top * 10 - 0.01) / 10);
}
