// Where a highlight begins and ends: moved on a strip of what is around it, or typed, and heard before anything
// is cut. A script of its own, which comes when somebody first unfolds one.
import { make } from "./dom.js";
import { clamp } from "./figures.js";
import { outline } from "./lanes.js";
import { Stretch } from "./stretch.js";

const HEIGHT = 56;
const STEP_SECONDS = 0.1;
// What is shown beside a highlight, at least, and what has to be left of that for the strip to stay.
const AROUND_SECONDS = 5;
const LEAST_AROUND_SECONDS = 1;
const MILLISECONDS_OF_KEYS = 600;
const MILLISECONDS_BETWEEN_LOOKS = 40;

const shown = new WeakMap();

// A span as near to what is asked for as it may be: between its neighbours, neither too short nor too long.
export function fitted(part, [from, end], { low, high, least, most }) {
  if (part === "from") return [clamp(from, Math.max(low, end - most), end - least), end];
  if (part === "end") return [from, clamp(end, from + least, Math.min(high, from + most))];
  const start = clamp(from, low, Math.max(high - (end - from), low));
  return [start, start + end - from];
}

// What the strip shows of a recording around a span; what it shows already, as long as that will do.
export function around([from, end], duration, before = null) {
  const isRoomy =
    before &&
    from - before[0] >= Math.min(LEAST_AROUND_SECONDS, from) &&
    before[1] - end >= Math.min(LEAST_AROUND_SECONDS, duration - end);
  if (isRoomy) return before;
  const room = Math.max(AROUND_SECONDS, (end - from) / 2);
  return [Math.max(from - room, 0), Math.min(end + room, duration)];
}

class Trim {
  // `page` has the timeline(), the player(), and send(asked) for the server.
  constructor(details, page) {
    Object.assign(this, { details, page });
    const find = (selector) => details.querySelector(selector);
    this.strip = find(".trim-strip");
    this.strip.dataset.armed = ""; // what is in it is not the server's
    this.canvas = make("canvas", { height: HEIGHT, aria: { hidden: true } });
    this.head = make("i", { hidden: true });
    this.strip.append(this.canvas, this.head);
    this.fields = { from: find("[name='start']"), end: find("[name='end']") };
    this.stretch = new Stretch(this.strip, {
      bounds: () => this.bounds,
      span: () => this.span,
      step: () => STEP_SECONDS,
      move: (part, from, end) => this.move(part, from, end),
      hold: (isHeld) => isHeld || this.send(),
      digits: 1,
    });
    details.addEventListener("change", ({ target }) => this.type(target));
    details.addEventListener("click", ({ target }) => {
      if ("hear" in target.dataset) this.hear();
      if ("reset" in target.dataset) page.send({ key: this.key, start: null, end: null });
    });
    new ResizeObserver(() => this.paint()).observe(this.strip);
  }

  // Takes what the server says, unless somebody is about to say something else.
  refresh() {
    if (this.stretch.held || this.waiting) return;
    const { trim, start, end, low, high, least, most, duration } = this.details.dataset;
    if (trim !== this.key) this.bounds = null;
    this.key = trim;
    this.duration = Number(duration);
    this.limits = { low: Number(low), high: Number(high), least: Number(least), most: Number(most) };
    this.span = [Number(start), Number(end)];
    this.bounds = around(this.span, this.duration, this.bounds);
    const { moves, begins, ends } = this.strip.dataset;
    this.stretch.setNames({ window: moves, from: begins, end: ends });
    this.show();
    this.paint();
  }

  move(part, from, end) {
    const span = fitted(part, [from, end], this.limits);
    if (span.every((each, n) => each === this.span[n])) return;
    this.span = span;
    this.show();
    clearTimeout(this.waiting);
    if (!this.stretch.held) this.waiting = setTimeout(() => this.send(), MILLISECONDS_OF_KEYS);
  }

  type({ name, valueAsNumber }) {
    const [from, end] = this.span;
    if (Number.isFinite(valueAsNumber))
      if (name === "start") this.move("from", valueAsNumber, end);
      else if (name === "end") this.move("end", from, valueAsNumber);
    this.show();
  }

  show() {
    const [from, end] = this.span;
    this.stretch.place();
    this.fields.from.value = from.toFixed(2);
    this.fields.end.value = end.toFixed(2);
  }

  send() {
    clearTimeout(this.waiting);
    this.waiting = null;
    const [start, end] = this.span.map((seconds) => Number(seconds.toFixed(3)));
    const { dataset } = this.details;
    if (start === Number(dataset.start) && end === Number(dataset.end)) return;
    this.page.send({ key: this.key, start, end });
  }

  // From its start to its end, as these are now; a second press stops.
  hear() {
    const player = this.page.player();
    if (!player) return;
    const stop = () => {
      clearInterval(this.hearing);
      this.hearing = null;
      this.head.hidden = true;
      player.pause();
    };
    if (this.hearing) return stop();
    [player.currentTime] = this.span;
    player.play().catch(() => {});
    let begun = false;
    this.hearing = setInterval(() => {
      begun ||= !player.paused;
      if (player.currentTime >= this.span[1] || (begun && player.paused)) return stop();
      const [first, last] = this.bounds;
      this.head.hidden = false;
      this.head.style.left = `${(100 * (player.currentTime - first)) / (last - first)}%`;
    }, MILLISECONDS_BETWEEN_LOOKS);
  }

  paint() {
    const timeline = this.page.timeline();
    const width = this.strip.clientWidth;
    if (!timeline || !width || !this.bounds) return;
    const ratio = window.devicePixelRatio || 1;
    const context = this.canvas.getContext("2d");
    Object.assign(this.canvas, { width: Math.round(width * ratio), height: HEIGHT * ratio });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = timeline.style().accent;
    const [first, last] = this.bounds;
    const size = HEIGHT / 2 / timeline.loudest;
    for (const [x, low, high] of outline(timeline.data, first, width / (last - first), width))
      context.fillRect(x, HEIGHT / 2 - high * size, 1, Math.max((high - low) * size, 1));
  }
}

// Makes what a highlight unfolds to, once, and shows what the server says of it.
export function showTrim(details, page) {
  if (!shown.has(details)) shown.set(details, new Trim(details, page));
  shown.get(details).refresh();
}
