// What forms are made of: buttons, lists of words, and the way by which changes reach the server.
import { make } from "./dom.js";
import { filled } from "./figures.js";

export const MILLISECONDS_TYPING = 300;
// After which an answer is no longer waited for.
const MILLISECONDS_LOST = 5000;
const SEPARATORS = /[,，、;；\n]/;

export const button = (textContent, pressed, properties = {}) => {
  const made = make("button", { type: "button", className: "quiet", textContent, ...properties });
  made.addEventListener("click", pressed);
  return made;
};

// Words as people type or paste them.
export const wordsIn = (text) => [
  ...new Set(
    text
      .split(SEPARATORS)
      .map((word) => word.trim())
      .filter(Boolean),
  ),
];

// A list in which one has changed its place; the same list at either end.
export function moved(list, at, by) {
  if (at + by < 0 || at + by >= list.length) return list;
  const others = list.toSpliced(at, 1);
  return others.toSpliced(at + by, 0, list[at]);
}

// Sends what a form holds: when nothing more is typed for a while, and what was sent is answered, so
// that answers come in their order. Each is known by a number.
export class Sender {
  constructor(send) {
    Object.assign(this, { send, sent: 0, asked: null, known: 0 });
  }

  get isQuiet() {
    return this.sent === this.known;
  }

  changed(milliseconds = 0) {
    clearTimeout(this.timer);
    this.sent += 1;
    const wait = this.asked ? Math.max(milliseconds, MILLISECONDS_LOST) : milliseconds;
    this.timer = setTimeout(() => this.now(), wait);
  }

  now(send = this.send) {
    clearTimeout(this.timer);
    this.asked = this.sent;
    send(this.sent);
  }

  next(send) {
    this.sent += 1;
    this.now(send);
  }

  // Whether it is the answer to the last change; else the next one has to be sent.
  answered(sent) {
    if (sent) this.known = sent;
    if (sent === this.asked) this.asked = null;
    return sent === this.sent;
  }
}

// Words as buttons that take them away, and a field for more: what stands in it counts already.
export function wordList(words, { hint, without }, hold) {
  let kept = [...words];
  const field = make("input", { type: "text", dir: "auto", placeholder: hint });
  const control = make("div", { className: "words" });
  const all = () => [...new Set([...kept, ...wordsIn(field.value)])];
  const draw = () => {
    const chips = kept.map((word) => {
      const label = filled(without, { part: word });
      const drop = () => {
        kept = kept.filter((each) => each !== word);
        draw();
        hold(all());
        field.focus();
      };
      return button(`${word} ×`, drop, {
        className: "word",
        dir: "auto",
        title: label,
        aria: { label },
      });
    });
    control.replaceChildren(...chips, field);
  };
  const take = () => {
    kept = all();
    field.value = "";
    hold(kept);
    draw();
    field.focus();
  };
  field.addEventListener("input", ({ isComposing }) =>
    !isComposing && SEPARATORS.test(field.value) ? take() : hold(all(), MILLISECONDS_TYPING),
  );
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    take();
  });
  draw();
  return control;
}
