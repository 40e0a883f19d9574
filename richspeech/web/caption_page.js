// A page of live text in large type, newest below: its looks, buttons and keys. Who uses it says what
// there is to show. What is heard goes in as textContent.
import { adjusted, kept } from "./caption_looks.js";
import { make } from "./dom.js";
import { isHeeded, keysAreOn, switchKeys } from "./keys.js";
import { remember, remembered } from "./remembered.js";

const MOST_LINES = 40;
const MILLISECONDS_OF_BUTTONS = 4000;

const root = document.documentElement;
const [list, open, state] = ["lines", "open", "state"].map((id) => document.getElementById(id));
const isDark = matchMedia("(prefers-color-scheme: dark)").matches;

// The looks, which this browser keeps -------------------------------------------------------------

const KEY = "richspeech.captions";

let looks = kept(remembered(KEY), isDark);

function dress() {
  root.style.setProperty("--size", looks.size);
  root.style.setProperty("--lines", looks.lines);
  root.dataset.colours = looks.dark ? "dark" : "light";
  document.getElementById("dark").setAttribute("aria-pressed", looks.dark);
  document.getElementById("keys").setAttribute("aria-pressed", keysAreOn());
}

function adjust(what) {
  looks = adjusted(looks, what);
  dress();
  remember(KEY, JSON.stringify(looks));
}

// The text ----------------------------------------------------------------------------------------

let shown = 0;

const sign = ({ symbol, word }) =>
  make(
    "span",
    { className: "sign" },
    make("span", { textContent: symbol, aria: { hidden: true } }),
    word,
  );

const line = ({ text, lang, signs }) =>
  make(
    "p",
    { lang, dir: "auto" },
    make("span", { className: "said", textContent: text }),
    ...signs.map(sign),
  );

// Lines are only added, so that a screen reader says each once.
export function show(told) {
  const fresh = Math.min(told.count - shown, told.lines.length);
  if (fresh < 0) list.replaceChildren();
  list.append(...(fresh < 0 ? told.lines : told.lines.slice(told.lines.length - fresh)).map(line));
  while (list.childElementCount > MOST_LINES) list.firstChild.remove();
  shown = told.count;
  open.textContent = told.open?.text ?? "";
  open.lang = told.open?.lang ?? "";
  root.dataset.state = told.state;
  state.hidden = list.childElementCount > 0 || Boolean(told.open);
}

// A sentence in the place of the text, by its name among those of the page.
export function say(name, sentence = state.dataset[name]) {
  state.textContent = sentence;
  state.hidden = false;
}

// The window --------------------------------------------------------------------------------------

function leave() {
  window.close();
  if (!window.closed) location.assign("./");
}

const fill = () =>
  document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen?.().catch(() => {});

function keys() {
  switchKeys(!keysAreOn());
  dress();
}

const DOINGS = { leave, fill, keys };
const KEYS = { Escape: "leave", "+": "larger", "=": "larger", "-": "smaller", f: "fill" };
const act = (name) => (DOINGS[name] ? DOINGS[name]() : adjust(name));

document.addEventListener("click", ({ target }) => {
  const pressed = target.closest("button");
  if (pressed) act(pressed.id);
});
document.addEventListener("keydown", ({ key, ctrlKey, metaKey, altKey }) => {
  if (KEYS[key] && isHeeded(key) && !(ctrlKey || metaKey || altKey)) act(KEYS[key]);
});

// Buttons are in nobody's way while nobody looks for them.
let timer = 0;
function wake() {
  root.classList.remove("resting");
  clearTimeout(timer);
  timer = setTimeout(() => root.classList.add("resting"), MILLISECONDS_OF_BUTTONS);
}
for (const name of ["pointermove", "pointerdown", "keydown", "focusin"])
  document.addEventListener(name, wake);

// The screen stays on, where the browser can see to it.
const stayOn = () => document.hidden || navigator.wakeLock?.request("screen").catch(() => {});
document.addEventListener("visibilitychange", stayOn);

dress();
wake();
stayOn();
