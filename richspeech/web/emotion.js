// The curve of emotions over its player: lines of scores, the strongest emotion below them. The
// server sends thousandths of a score; all text from outside goes in as textContent.
import { nearest, rankedAt, runsOf } from "./curve.js";
import { make } from "./dom.js";
import { axisStep, clamp, clock } from "./figures.js";
import { followPlayer } from "./player.js";

const TOP = 8;
const PLOT = 150;
const BAND = [168, 22];
const AXIS = 208;
const HEIGHT = 216;
const JUMP_SECONDS = 1;
// Not by colour alone: lines that look alike to some people differ in their strokes.
const DASHES = { other: [8, 3], unknown: [2, 3], neutral: [12, 3], disgusted: [6, 2, 1, 2] };

const share = (thousandths) => `${(thousandths / 10).toFixed(1)}%`;
const audio = () => document.querySelector("#emotion-player audio");
class Curve {
  constructor(element) {
    this.element = element;
    this.hidden = new Set();
    this.time = 0;
    element.innerHTML = `
      <h3></h3><div class="legend"></div>
      <div class="curve-stage" tabindex="0" role="slider" aria-valuemin="0">
        <canvas></canvas><div class="playhead"></div>
        <div class="timeline-tip" role="tooltip" hidden></div>
      </div>
      <p class="timeline-keys"></p>`;
    const find = (name) => element.querySelector(name);
    this.stage = find(".curve-stage");
    this.canvas = find("canvas");
    this.head = find(".playhead");
    this.tip = find(".timeline-tip");
    this.legend = find(".legend");
    this.listen();
  }

  // Room for the words on the left, which differ in length.
  measure() {
    this.look = getComputedStyle(this.element);
    this.context = this.canvas.getContext("2d");
    this.font(11);
    this.gutter = Math.max(this.context.measureText(this.data.words.strongest).width + 8, 40);
  }

  show(data) {
    this.element.hidden = !data;
    if (!data) return;
    if (data.key !== this.data?.key) this.hidden.clear();
    this.data = data;
    this.names = Object.keys(data.scores);
    this.strongest = data.times.map((_, n) => this.ranked(n)[0]);
    this.element.querySelector("h3").textContent = data.words.curve;
    this.element.querySelector(".timeline-keys").textContent = data.words.keys;
    this.stage.setAttribute("aria-label", data.words.curve);
    this.stage.setAttribute("aria-valuemax", data.duration.toFixed(1));
    this.measure();
    this.drawLegend();
    this.draw();
  }

  // The names of the emotions at a point of the curve, the strongest first.
  ranked(n) {
    return rankedAt(this.data.scores, n);
  }

  // Places ---------------------------------------------------------------------------------------

  get scale() {
    return Math.max(this.stage.clientWidth - this.gutter, 1) / (this.data.duration || 1);
  }
  xOf = (seconds) => this.gutter + seconds * this.scale;
  secondsAt = (x) => clamp((x - this.gutter) / this.scale, 0, this.data.duration);
  yOf = (thousandths) => TOP + PLOT * (1 - thousandths / 1000);

  // The point whose time is nearest.
  pointAt(seconds) {
    return nearest(this.data.times, seconds);
  }

  // Hands ----------------------------------------------------------------------------------------

  listen() {
    const { stage } = this;
    const x = (event) => event.clientX - stage.getBoundingClientRect().left;
    stage.addEventListener("click", (event) => this.seek(this.secondsAt(x(event)), true));
    stage.addEventListener("pointermove", (event) => this.point(event, x(event)));
    stage.addEventListener("pointerleave", () => (this.tip.hidden = true));
    stage.addEventListener("keydown", (event) => {
      if (this.key(event)) event.preventDefault();
    });
    this.legend.addEventListener("click", (event) => {
      const name = event.target.closest("button")?.dataset.emotion;
      if (name && !this.hidden.delete(name)) this.hidden.add(name);
      if (name) this.mark();
    });
    new ResizeObserver(() => this.draw()).observe(stage);
    const looks = { attributes: true, attributeFilter: ["class"] };
    new MutationObserver(() => this.draw()).observe(document.body, looks);
  }

  seek(seconds, plays) {
    const player = audio();
    if (!player) return;
    player.currentTime = seconds;
    if (plays) player.play().catch(() => {});
    this.setTime(seconds);
  }

  key({ key, ctrlKey, metaKey, altKey }) {
    if (ctrlKey || metaKey || altKey || !this.data) return false;
    const end = this.data.duration;
    const places = {
      ArrowLeft: this.time - JUMP_SECONDS,
      ArrowRight: this.time + JUMP_SECONDS,
      Home: 0,
      End: end,
    };
    if (key in places) this.seek(clamp(places[key], 0, end), false);
    else if (key === " " && audio()?.paused)
      audio()
        .play()
        .catch(() => {});
    else if (key === " ") audio()?.pause();
    else return false;
    return true;
  }

  point(event, x) {
    if (event.pointerType === "touch" || x < this.gutter || !this.data) {
      this.tip.hidden = true;
      return;
    }
    const n = this.pointAt(this.secondsAt(x));
    const { emotions, scores, times } = this.data;
    const rows = this.ranked(n).map((name) =>
      make("div", {}, make("span", { textContent: emotions[name] }), share(scores[name][n])),
    );
    const time = make("div", { textContent: clock(times[n], 1) });
    this.tip.replaceChildren(time, ...rows);
    this.tip.hidden = false;
    const room = this.stage.clientWidth - this.tip.offsetWidth - 4;
    const left = x + 14 > room ? x - this.tip.offsetWidth - 14 : x + 14;
    this.tip.style.left = `${clamp(left, 4, Math.max(room, 4))}px`;
  }

  // Time -----------------------------------------------------------------------------------------

  setTime(seconds, playing = false) {
    this.time = seconds;
    if (!this.data) return;
    this.head.style.transform = `translateX(${this.xOf(clamp(seconds, 0, this.data.duration))}px)`;
    if (playing) return; // no stream of words while it plays
    const n = this.pointAt(seconds);
    const name = this.strongest[n];
    const said = `${this.data.emotions[name]} ${share(this.data.scores[name][n])}`;
    this.stage.setAttribute("aria-valuenow", seconds.toFixed(1));
    this.stage.setAttribute(
      "aria-valuetext",
      `${clock(seconds)} / ${clock(this.data.duration)}, ${said}`,
    );
  }

  tick() {
    const player = audio();
    if (player && !this.element.hidden) this.setTime(player.currentTime, !player.paused);
  }

  run() {
    this.tick();
    if (audio() && !audio().paused) requestAnimationFrame(() => this.run());
  }

  // Looks ----------------------------------------------------------------------------------------

  drawLegend() {
    const items = this.names.map((name) => {
      const line = make("i", { className: `tone-${name}`, aria: { hidden: true } });
      const button = { type: "button", data: { emotion: name } };
      return make("button", button, line, this.data.emotions[name]);
    });
    this.legend.replaceChildren(...items);
    this.mark();
  }

  mark() {
    for (const button of this.legend.children)
      button.setAttribute("aria-pressed", String(!this.hidden.has(button.dataset.emotion)));
    this.draw();
  }

  colour(name) {
    return this.look.getPropertyValue(`--${name}`).trim();
  }

  draw() {
    const width = this.stage.clientWidth;
    if (!width || !this.data) return;
    const ratio = window.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: width * ratio, height: HEIGHT * ratio });
    this.measure();
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.font(11);
    this.drawGrid(width);
    for (const name of this.names) if (!this.hidden.has(name)) this.drawLine(name);
    this.drawBand(width);
    this.setTime(this.time);
  }

  font(size) {
    this.context.font = `${size}px ${this.look.fontFamily}`;
  }

  drawGrid(width) {
    const { context, look } = this;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const value of [0, 250, 500, 750, 1000]) {
      context.fillStyle = look.getPropertyValue("--line");
      context.fillRect(this.gutter, Math.round(this.yOf(value)), width - this.gutter, 1);
      context.fillStyle = look.getPropertyValue("--soft-ink");
      context.fillText(`${value / 10}%`, this.gutter - 6, this.yOf(value));
    }
    context.fillText(this.data.words.strongest, this.gutter - 6, BAND[0] + BAND[1] / 2);
    const step = axisStep(this.scale, 60, 1);
    for (let n = 0; n * step <= this.data.duration; n++) {
      const x = this.xOf(n * step);
      context.textAlign = x > width - 20 ? "right" : n ? "center" : "left";
      context.fillText(clock(n * step), x, AXIS);
    }
  }

  drawLine(name) {
    const { context, data } = this;
    context.beginPath();
    const row = data.scores[name];
    context.moveTo(this.gutter, this.yOf(row[0]));
    row.forEach((value, n) => context.lineTo(this.xOf(data.times[n]), this.yOf(value)));
    context.lineTo(this.xOf(data.duration), this.yOf(row.at(-1)));
    context.setLineDash(DASHES[name] ?? []);
    context.lineWidth = 2;
    context.lineJoin = "round";
    context.strokeStyle = this.colour(name);
    context.stroke();
    context.setLineDash([]);
  }

  drawBand(width) {
    const { context, data, strongest } = this;
    const [top, height] = BAND;
    const border = (n) => (n ? (data.times[n - 1] + data.times[n]) / 2 : 0);
    context.textAlign = "center";
    for (const [first, last, name] of runsOf(strongest)) {
      const left = this.xOf(border(first));
      const right = last < strongest.length ? this.xOf(border(last)) : width;
      context.fillStyle = this.look.getPropertyValue(`--${name}-ground`).trim();
      context.fillRect(left, top, right - left - (right - left > 3 ? 1 : 0), height);
      context.fillStyle = this.colour(name);
      context.fillRect(left, top + height - 3, right - left - (right - left > 3 ? 1 : 0), 3);
      this.font(12);
      const word = data.emotions[name];
      context.fillStyle = this.look.getPropertyValue("--ink");
      if (context.measureText(word).width <= right - left - 6)
        context.fillText(word, (left + right) / 2, top + height / 2 - 1);
    }
  }
}

let curve = null;
followPlayer(audio, () => curve);

// What gradio calls: draws the curve that the server sends.
export function emotionCurve(element, props, watch) {
  curve = new Curve(element.querySelector(".voice-curve"));
  watch("value", () => curve.show(props.value || null));
  curve.show(props.value || null); // gradio writes nothing as ""
}
