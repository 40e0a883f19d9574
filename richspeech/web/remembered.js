// What this browser remembers of how its owner likes the page. A private window, and one that
// forbids it, remembers until it is closed.
const here = new Map();

export function remembered(key) {
  try {
    return localStorage.getItem(key) ?? here.get(key) ?? null;
  } catch {
    return here.get(key) ?? null;
  }
}

export function remember(key, value) {
  here.set(key, value);
  try {
    localStorage.setItem(key, value);
  } catch {
    // Full, or forbidden.
  }
}
