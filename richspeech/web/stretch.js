// A window on a strip of seconds, which is dragged, and resized at both edges, by a mouse, a finger or keys.
import { make } from "./dom.js";
import { clock } from "./figures.js";

const PARTS = ["window", "from", "end"];
// In steps; as far as there is room.
const KEYS = {
  ...{ ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 },
  ...{ Home: -Infinity, End: Infinity },
};

// Where a window is once it, or one edge of it, has gone so many seconds further.
export const shifted = (part, [from, end], seconds) => [
  part === "end" ? from : from + seconds,
  part === "from" ? end : end + seconds,
];

export class Stretch {
  // `bounds()` are the seconds at both ends of the strip, `span()` those of the window, `step()` is what an
  // arrow moves; `move(part, from, end)` is asked to have the window elsewhere, as far as that may be,
  // and `hold(isHeld)` hears of hands. Times are told with so many `digits`.
  constructor(element, { bounds, span, step, move, hold = () => {}, digits = 0 }) {
    Object.assign(this, { element, bounds, span, step, move, hold, digits });
    this.parts = Object.fromEntries(
      PARTS.map((name) => [
        name,
        make("div", { className: `stretch-${name}`, tabIndex: 0, role: "slider", data: { edge: name } }),
      ]),
    );
    element.classList.add("stretch");
    element.append(...Object.values(this.parts));
    element.addEventListener("pointerdown", (event) => this.press(event));
    element.addEventListener("pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel"])
      element.addEventListener(name, () => this.release());
    element.addEventListener("keydown", (event) => {
      if (this.key(event)) event.preventDefault();
    });
  }

  setNames(names) {
    for (const [name, part] of Object.entries(this.parts)) part.setAttribute("aria-label", names[name]);
  }

  secondsAt({ clientX }) {
    const { left, width } = this.element.getBoundingClientRect();
    const [first, last] = this.bounds();
    return first + ((clientX - left) / (width || 1)) * (last - first);
  }

  // Beside the window: it comes under the pointer.
  press(event) {
    if (event.button) return;
    const at = this.secondsAt(event);
    const part = event.target.dataset.edge ?? "window";
    const [from, end] = this.span();
    if (!event.target.dataset.edge)
      this.move(part, ...shifted(part, [from, end], at - (from + end) / 2));
    this.element.setPointerCapture(event.pointerId);
    this.held = { part, at, span: this.span() };
    this.hold(true);
    this.parts[part].focus({ preventScroll: true });
    event.preventDefault();
  }

  drag(event) {
    if (!this.held) return;
    const { part, at, span } = this.held;
    this.move(part, ...shifted(part, span, this.secondsAt(event) - at));
  }

  release() {
    if (this.held) this.hold(false);
    this.held = null;
  }

  key({ key, target, ctrlKey, metaKey, altKey }) {
    const part = target.dataset.edge;
    if (!part || !(key in KEYS) || ctrlKey || metaKey || altKey) return false;
    const [first, last] = this.bounds();
    const seconds = Math.min(Math.max(KEYS[key] * this.step(), first - last), last - first);
    this.move(part, ...shifted(part, this.span(), seconds));
    return true;
  }

  // Puts the window where it is, and says so.
  place() {
    const [first, last] = this.bounds();
    const [from, end] = this.span();
    const share = (seconds) => `${(100 * (seconds - first)) / (last - first || 1)}%`;
    this.element.style.setProperty("--from", share(from));
    this.element.style.setProperty("--end", share(end));
    const told = (seconds) => clock(seconds, this.digits);
    for (const [name, part] of Object.entries(this.parts)) {
      part.setAttribute("aria-valuemin", first.toFixed(1));
      part.setAttribute("aria-valuemax", last.toFixed(1));
      part.setAttribute("aria-valuenow", (name === "end" ? end : from).toFixed(1));
      const span = `${told(from)} – ${told(end)}`;
      part.setAttribute("aria-valuetext", name === "window" ? span : told(name === "end" ? end : from));
    }
  }
}
