// The language of the page, and the key of this window.
import { words } from "./data.js";
import { linked } from "./linked.js";
import { remember, remembered } from "./remembered.js";

const KEY = "richspeech.locale";
const root = document.documentElement;

// The server paints the page in the language of the cookie, or else of the browser.
const painted = root.dataset.locale;
let current = painted;

export const locale = () => current;
// As browsers and gradio write it: zh_Hant is zh-TW.
export const tag = () => words[current].file_language_tag;

function keep(value) {
  document.cookie = `${KEY}=${value}; path=${location.pathname}; max-age=31536000; samesite=lax`;
  remember(KEY, value);
}

// Gradio's own words (drop a file here, record, …) follow navigator.language.
export function tellGradio() {
  Object.defineProperty(navigator, "language", { configurable: true, get: tag });
  Object.defineProperty(navigator, "languages", { configurable: true, get: () => [tag()] });
}

// Whoever chose before there was the cookie; who refuses it has the switch.
export function heedEarlierChoice() {
  const earlier = remembered(KEY);
  if (!(earlier in words) || earlier === painted) return;
  keep(earlier);
  if (document.cookie.includes(`${KEY}=${earlier}`)) location.reload();
}

// Gradio's store changes language through a function of its own.
async function changeGradio() {
  const core = performance
    .getEntriesByType("resource")
    .map((entry) => entry.name)
    .find((name) => /\/assets\/core-[^/]+\.js$/.test(name));
  if (core) (await import(core)).changeLocale?.(tag());
}

export function choose(value) {
  current = value;
  keep(current);
  changeGradio();
  return current;
}

// By this the server finds the work of this window again after a reload.
export function windowKey() {
  const fresh = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  try {
    if (!sessionStorage.getItem("richspeech.window")) sessionStorage.setItem("richspeech.window", fresh);
    return sessionStorage.getItem("richspeech.window");
  } catch {
    return fresh;
  }
}

// Locale, window, time zone, what stood around the tabs when the page was made, and the transcript to
// which the address leads.
export const visitor = () => [
  current,
  windowKey(),
  Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC",
  root.dataset.look,
  `${linked(location.hash).transcript ?? ""}`,
];
