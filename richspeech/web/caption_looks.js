// How large captions are: type in hundredths of the shorter side of the window, and lines.
const SIZES = { least: 3, most: 16, step: 1, usual: 7 };
const LINES = { least: 1, most: 12, step: 1, usual: 5 };

const within = ({ least, most }, value) => Math.max(least, Math.min(value, most));
const number = (scale, value) => (Number.isFinite(value) ? within(scale, value) : scale.usual);

// What a browser has kept, text or null → looks; what is none of them is as usual.
export function kept(text, dark) {
  let found = null;
  try {
    found = JSON.parse(text);
  } catch {
    // Somebody else's, or older than this.
  }
  return {
    size: number(SIZES, found?.size),
    lines: number(LINES, found?.lines),
    dark: typeof found?.dark === "boolean" ? found.dark : dark,
  };
}

export function adjusted(looks, what) {
  const { size, lines, dark } = looks;
  if (what === "larger") return { ...looks, size: within(SIZES, size + SIZES.step) };
  if (what === "smaller") return { ...looks, size: within(SIZES, size - SIZES.step) };
  if (what === "more") return { ...looks, lines: within(LINES, lines + LINES.step) };
  if (what === "fewer") return { ...looks, lines: within(LINES, lines - LINES.step) };
  return what === "dark" ? { ...looks, dark: !dark } : looks;
}
