// Numbers as people read them, and the little arithmetic that all drawings share.

// Seconds between two marks of an axis.
export const STEPS = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// 0.87 → "87%"; nothing for what was not measured.
export const percent = (value) => (value == null ? "" : `${Math.round(value * 100)}%`);

// "#0b7a73" → [11, 122, 115].
export const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

// 3725.4 → "1:02:05"; with one digit "1:02:05.4". Begun units are not yet there.
export function clock(seconds, digits = 0) {
  const unit = 10 ** digits;
  const units = Math.floor(Math.max(seconds, 0) * unit + 1e-6);
  const [hours, minutes] = [Math.floor(units / unit / 3600), Math.floor(units / unit / 60) % 60];
  const rest = ((units / unit) % 60).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

// A sentence with what its places in braces stand for; a value is text, whatever signs are in it.
export const filled = (sentence, values) =>
  sentence.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);

// The finest step whose marks stand so many pixels apart.
export const axisStep = (pixelsPerSecond, leastPixels, shortest = 0.5) =>
  STEPS.find((step) => step >= shortest && step * pixelsPerSecond >= leastPixels) ?? STEPS.at(-1);

// The first index whose key is above value, in a list sorted by key.
export function above(list, value, key) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(list[middle]) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
