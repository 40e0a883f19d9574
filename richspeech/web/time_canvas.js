// A canvas over the seconds of a recording, which people point at, zoom and move, with a playhead.
// Who extends it has gutter, paint(), describe(seconds), tipRows(seconds), seek(seconds, plays), toggle().
import { axisStep, clamp, clock } from "./figures.js";
import { View } from "./lanes.js";

const LEAST_PIXELS_BETWEEN_MARKS = 64;

export class TimeCanvas {
  view = new View();
  time = 0;
  width = 0;
  pointers = new Map();

  // `name` is part of the class of the stage; `jump` is what an arrow key moves, in seconds.
  build(element, { name, height, jump }) {
    Object.assign(this, { element, height, jump });
    element.innerHTML = `
      <div class="timeline-head"><div class="legend"></div><div class="timeline-tools">
        <button type="button" class="quiet" data-zoom="0.5">−</button>
        <button type="button" class="quiet" data-zoom="2">+</button>
        <button type="button" class="quiet" data-zoom="0">⤢</button></div></div>
      <div class="${name}-stage" tabindex="0" role="slider" aria-valuemin="0">
        <canvas></canvas><div class="playhead"></div><div class="timeline-tip" role="tooltip" hidden></div>
      </div>
      <div class="timeline-window" aria-hidden="true" hidden><i></i></div>
      <p class="timeline-keys"></p>`;
    const find = (selector) => element.querySelector(selector);
    this.stage = find(`.${name}-stage`);
    this.canvas = find("canvas");
    this.context = this.canvas.getContext("2d");
    this.canvas.height = height;
    this.head = find(".playhead");
    this.tip = find(".timeline-tip");
    this.thumb = find(".timeline-window i");
    this.legend = find(".legend");
    this.listen();
  }

  // What the buttons, the stage and its keys are called.
  setNames(words, stage, keys) {
    const [less, more, all] = this.element.querySelectorAll("[data-zoom]");
    [
      [less, "zoom_out"],
      [more, "zoom_in"],
      [all, "zoom_fit"],
    ].forEach(([button, key]) => {
      button.title = words[key];
      button.setAttribute("aria-label", words[key]);
    });
    this.stage.setAttribute("aria-label", stage);
    this.element.querySelector(".timeline-keys").textContent = keys;
    this.forget();
  }

  setDuration(seconds) {
    this.view.duration = seconds;
    this.stage.setAttribute("aria-valuemax", seconds.toFixed(1));
    this.forget();
  }

  // What was said of this second holds no longer.
  forget() {
    this.stage.removeAttribute("aria-valuenow");
  }

  // View: which seconds lie where ------------------------------------------------------------

  get scale() {
    return Math.max(this.width - this.gutter, 1) / this.view.shown;
  }
  xOf = (seconds) => this.gutter + (seconds - this.view.from) * this.scale;
  secondsAt = (x) => clamp(this.view.from + (x - this.gutter) / this.scale, 0, this.view.duration);

  zoom(factor, at = this.gutter + (this.width - this.gutter) / 2) {
    this.view.zoom(factor, (at - this.gutter) / Math.max(this.width - this.gutter, 1));
    this.redraw();
  }

  moveTo(from) {
    this.view.moveTo(from);
    this.redraw();
  }

  setTime(seconds, playing = false) {
    const before = this.playing ? this.time : null;
    Object.assign(this, { time: seconds, playing });
    if (playing && !this.dragging && this.view.follow(seconds, before)) this.redraw();
    const x = this.xOf(clamp(seconds, 0, this.view.duration));
    this.head.style.transform = `translateX(${x}px)`;
    this.head.hidden = x < this.gutter || x > this.width + 0.5;
    const second = seconds.toFixed(1);
    if (!playing && second !== this.stage.getAttribute("aria-valuenow")) {
      // no stream of words while it plays
      this.stage.setAttribute("aria-valuenow", second);
      this.stage.setAttribute("aria-valuetext", this.describe(seconds));
    }
  }

  // Hands --------------------------------------------------------------------------------------

  listen() {
    const { stage } = this;
    stage.addEventListener("pointerdown", (event) => this.press(event));
    stage.addEventListener("pointermove", (event) => this.move(event));
    stage.addEventListener("pointerup", (event) => this.release(event, true));
    stage.addEventListener("pointercancel", (event) => this.release(event, false));
    stage.addEventListener("pointerleave", () => {
      this.tip.hidden = true;
    });
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    stage.addEventListener("keydown", (event) => {
      if (this.key(event)) event.preventDefault();
    });
    this.element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-zoom]");
      if (button) this.zoom(Number(button.dataset.zoom));
    });
    new ResizeObserver(() => this.redraw()).observe(stage);
    const repaint = () => {
      this.look = null;
      this.redraw();
    };
    new MutationObserver(repaint).observe(document.body, {
      attributes: true,
      attributeFilter: ["class"],
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  }

  x(event) {
    return event.clientX - this.stage.getBoundingClientRect().left;
  }

  press(event) {
    if (event.button) return;
    this.stage.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.x(event));
    this.dragging = { from: this.view.from, x: this.x(event), moved: this.pointers.size > 1 };
  }

  move(event) {
    const x = this.x(event);
    if (!this.pointers.has(event.pointerId)) return this.point(event, x);
    const [before, others] = [
      this.pointers.get(event.pointerId),
      [...this.pointers].filter(([id]) => id !== event.pointerId),
    ];
    this.pointers.set(event.pointerId, x);
    if (others.length) {
      // two fingers
      const other = others[0][1];
      if (Math.abs(before - other) > 8)
        this.zoom(Math.abs(x - other) / Math.abs(before - other) || 1, (x + other) / 2);
    } else if (this.dragging.moved || Math.abs(x - this.dragging.x) > 4) {
      this.dragging.moved = true;
      this.tip.hidden = true;
      this.stage.classList.add("dragging");
      this.moveTo(this.dragging.from - (x - this.dragging.x) / this.scale);
    }
  }

  release(event, counts) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (counts && !this.dragging.moved && !this.pointers.size)
      this.seek(this.secondsAt(this.x(event)), true);
    if (!this.pointers.size) {
      this.dragging = null;
      this.stage.classList.remove("dragging");
    }
  }

  wheel(event) {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    const distance = sideways ? event.deltaX || event.deltaY : event.deltaY;
    if (!this.view.span && (sideways || distance > 0)) return; // nothing further out: the page scrolls
    event.preventDefault();
    if (sideways) this.moveTo(this.view.from + distance / this.scale);
    else this.zoom(Math.exp(-clamp(distance, -200, 200) / 300), this.x(event));
  }

  key({ key, ctrlKey, metaKey, altKey }) {
    if (ctrlKey || metaKey || altKey) return false;
    const jump = { ArrowLeft: -this.jump, ArrowRight: this.jump }[key];
    if (jump) this.seek(clamp(this.time + jump, 0, this.view.duration), false);
    else if (key === " ") this.toggle();
    else if (key === "+" || key === "=") this.zoom(2, this.middle());
    else if (key === "-" || key === "_") this.zoom(0.5, this.middle());
    else if (key === "0") this.zoom(0);
    else if (key === "Home" || key === "End") this.seek(key === "Home" ? 0 : this.view.duration, false);
    else return false;
    return true;
  }

  // The keys zoom around the playhead, while it is to be seen.
  middle() {
    return this.head.hidden ? undefined : this.xOf(this.time);
  }

  point(event, x) {
    if (event.pointerType === "touch" || x < this.gutter || !this.view.duration) {
      this.tip.hidden = true;
      return;
    }
    this.tip.replaceChildren(...this.tipRows(this.secondsAt(x)));
    this.tip.hidden = false;
    this.placeTip(x);
  }

  // Right of the pointer, as far as there is room.
  placeTip(x) {
    const room = this.width - this.tip.offsetWidth - 4;
    this.tip.style.left = `${clamp(x + 14, 4, Math.max(room, 4))}px`;
  }

  // Drawing ------------------------------------------------------------------------------------

  redraw() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.draw();
    });
  }

  draw() {
    this.width = this.stage.clientWidth;
    if (!this.width) return;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height)
      Object.assign(this.canvas, { width, height });
    this.canvas.style.height = `${this.height}px`;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
    this.paint();
    this.drawWindow();
    this.setTime(this.time, this.playing);
  }

  // Which part of the whole is shown.
  drawWindow() {
    const share = 100 / (this.view.duration || 1);
    this.thumb.parentElement.hidden = !this.view.span;
    this.thumb.style.cssText = `left:${this.view.from * share}%;width:${this.view.shown * share}%`;
  }

  // Draws what lies right of the gutter.
  clipped(top, paint) {
    this.context.save();
    this.context.beginPath();
    this.context.rect(this.gutter, top, this.width - this.gutter, this.height);
    this.context.clip();
    paint();
    this.context.restore();
  }

  // Where the axis is marked, and how: [x, label].
  *marks() {
    const step = axisStep(this.scale, LEAST_PIXELS_BETWEEN_MARKS);
    const last = Math.min(this.view.from + this.view.shown, this.view.duration);
    for (let n = Math.ceil(this.view.from / step); n * step <= last; n++)
      yield [this.xOf(n * step), clock(n * step, step < 1 ? 1 : 0)];
  }
}
