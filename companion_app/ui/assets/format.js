/** Numbers and names as they are read. */

/** "folder/name.safetensors" -> "name". */
export function modelName(name) {
  return name
    .split("/")
    .pop()
    .replace(/\.(safetensors|ckpt|pt|pth|sft|gguf)$/i, "");
}

/** Seconds -> "0:41", "1:02:03". */
export function clock(seconds) {
  const total = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [
    Math.floor(total / 3600),
    Math.floor(total / 60) % 60,
    total % 60,
  ];
  const tail = String(rest).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

export const percent = (share) => `${Math.round(share * 100)} %`;

/** "1 picture", "3 pictures". */
export function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Bytes -> "9.0 GB". */
export function gigabytes(bytes) {
  return `${(bytes / 2 ** 30).toFixed(1)} GB`;
}

/** "film_grain 0.7". */
export function loraText({ name, strength }) {
  return `${modelName(name)} ${Number(strength.toFixed(2))}`;
}

/** "film_grain 0.7 · neon_city 0.5". */
export function loraList(loras) {
  return loras.map(loraText).join(" · ");
}

/** A LoRA that was found to leave the picture as it is. */
export const isSilent = ({ effect }) => effect === "none";
export const SILENT = "changed nothing here: it does not teach";

const FAMILIES = {
  ...{ sd15: "SD 1.5", sd2: "SD 2", sdxl: "SDXL", sdxl_refiner: "SDXL refiner", sd3: "SD 3" },
  ...{ sd35_medium: "SD 3.5 medium", sd35_large: "SD 3.5 large", flux: "Flux" },
};

/** "sd15" -> "SD 1.5"; null where nothing says which. */
export function familyName(family) {
  return family ? (FAMILIES[family] ?? family) : "unknown family";
}

/** The scores of an image, "clip 0.31"; that of its adherence has a line of its own. */
export function scoreList(scores) {
  return Object.entries(scores ?? {})
    .filter(([name, value]) => typeof value === "number" && name !== "adherence")
    .map(([name, value]) => `${name} ${value.toFixed(2)}`)
    .join(" · ");
}
