// The curve of emotions over its player: lines of scores, the strongest emotion below them. The
// server sends thousandths of a score; all text from outside goes in as textContent. The page loads
// this when somebody opens the tab.
import { columns, nearest, rankedAt, runsOf, strongestAt } from "./curve.js";
import { make } from "./dom.js";
import { above, clamp, clock } from "./figures.js";
import { thinned } from "./lanes.js";
import { followPlayer } from "./player.js";
import { TimeCanvas } from "./time_canvas.js";

const TOP = 8;
const PLOT = 150;
const BAND = [168, 22];
const AXIS = 208;
const HEIGHT = 216;
const JUMP_SECONDS = 1;
// More points than these in a pixel are drawn as what they cover.
const MOST_POINTS = 2;
// Not by colour alone: lines that look alike to some people differ in their strokes.
const DASHES = { other: [8, 3], unknown: [2, 3], neutral: [12, 3], disgusted: [6, 2, 1, 2] };

const share = (thousandths) => `${(thousandths / 10).toFixed(1)}%`;
const audio = () => document.querySelector("#emotion-player audio");

class Curve extends TimeCanvas {
  hidden = new Set();

  constructor(element) {
    super();
    this.place = element;
    element.innerHTML = "<h3></h3><div></div>";
    this.build(element.lastChild, { name: "curve", height: HEIGHT, jump: JUMP_SECONDS });
    this.legend.addEventListener("click", (event) => {
      const name = event.target.closest("button")?.dataset.emotion;
      if (name && !this.hidden.delete(name)) this.hidden.add(name);
      if (name) this.mark();
    });
  }

  show(data) {
    this.place.hidden = !data;
    if (!data) return;
    if (data.key !== this.data?.key) {
      this.hidden.clear();
      this.view.reset();
    }
    this.data = data;
    this.names = Object.keys(data.scores);
    this.strongest = data.times.map((_, n) => strongestAt(data.scores, n));
    this.bars = this.barsOf(this.strongest);
    this.place.querySelector("h3").textContent = data.words.curve;
    this.setNames(this.say(), data.words.curve, data.words.keys);
    this.setDuration(data.duration);
    this.measure();
    this.drawLegend();
  }

  // Stretches in which one emotion is the strongest; they meet half way between points.
  barsOf(strongest) {
    const { times, duration } = this.data;
    const border = (n) => (n ? (times[n - 1] + times[n]) / 2 : 0);
    return runsOf(strongest).map(([first, last, label]) => ({
      start: border(first),
      end: last < times.length ? border(last) : duration,
      label,
    }));
  }

  // Room for the words on the left, which differ in length.
  measure() {
    this.look = getComputedStyle(this.element);
    this.font(11);
    this.gutter = Math.max(this.context.measureText(this.data.words.strongest).width + 8, 40);
  }

  yOf = (thousandths) => TOP + PLOT * (1 - thousandths / 1000);

  // The point whose time is nearest.
  pointAt(seconds) {
    return nearest(this.data.times, seconds);
  }

  // The player -----------------------------------------------------------------------------------

  seek(seconds, plays) {
    const player = audio();
    if (!player) return;
    player.currentTime = seconds;
    if (plays) player.play().catch(() => {});
    this.setTime(seconds);
  }

  toggle() {
    const player = audio();
    if (player?.paused) player.play().catch(() => {});
    else player?.pause();
  }

  tick() {
    const player = audio();
    if (player && this.data && !this.place.hidden) this.setTime(player.currentTime, !player.paused);
  }

  run() {
    this.tick();
    if (audio() && !audio().paused) requestAnimationFrame(() => this.run());
  }

  // Words ----------------------------------------------------------------------------------------

  describe(seconds) {
    const n = this.pointAt(seconds);
    const name = this.strongest[n];
    const said = `${this.data.emotions[name]} ${share(this.data.scores[name][n])}`;
    return `${clock(seconds)} / ${clock(this.data.duration)}, ${said}`;
  }

  tipRows(seconds) {
    const { emotions, scores, times } = this.data;
    const n = this.pointAt(seconds);
    const rows = rankedAt(scores, n).map((name) =>
      make("div", {}, make("span", { textContent: emotions[name] }), share(scores[name][n])),
    );
    return [make("div", { textContent: clock(times[n], 1) }), ...rows];
  }

  // It lies over the curve, so it keeps clear of the pointer.
  placeTip(x) {
    const room = this.width - this.tip.offsetWidth - 4;
    const left = x + 14 > room ? x - this.tip.offsetWidth - 14 : x + 14;
    this.tip.style.left = `${clamp(left, 4, Math.max(room, 4))}px`;
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
    this.redraw();
  }

  colour(name) {
    return this.look.getPropertyValue(`--${name}`).trim();
  }

  font(size) {
    this.context.font = `${size}px ${this.look.fontFamily}`;
  }

  draw() {
    if (this.data) super.draw();
  }

  paint() {
    this.measure();
    this.drawGrid();
    this.clipped(0, () => {
      this.drawLines();
      this.drawBand();
    });
  }

  drawGrid() {
    const { context } = this;
    context.textBaseline = "middle";
    context.textAlign = "right";
    const [line, soft] = [this.colour("line"), this.colour("soft-ink")];
    for (const value of [0, 250, 500, 750, 1000]) {
      context.fillStyle = line;
      context.fillRect(this.gutter, Math.round(this.yOf(value)), this.width - this.gutter, 1);
      context.fillStyle = soft;
      context.fillText(`${value / 10}%`, this.gutter - 6, this.yOf(value));
    }
    context.fillText(this.data.words.strongest, this.gutter - 6, BAND[0] + BAND[1] / 2);
    for (const [x, label] of this.marks()) {
      context.textAlign = x > this.width - 20 ? "right" : x < this.gutter + 20 ? "left" : "center";
      context.fillText(label, x, AXIS);
    }
  }

  // Those of the points that are shown, and one more on either side.
  drawLines() {
    const { times, scores } = this.data;
    const { from, shown } = this.view;
    const first = Math.max(above(times, from, Number) - 1, 0);
    const last = above(times, from + shown, Number) + 1;
    const xs = times.slice(first, last).map(this.xOf);
    const isDense = xs.length > MOST_POINTS * (this.width - this.gutter);
    for (const name of this.names) {
      if (this.hidden.has(name)) continue;
      const row = scores[name].slice(first, last);
      if (isDense) this.drawColumns(name, row, xs);
      else this.drawLine(name, row, xs);
    }
  }

  drawColumns(name, row, xs) {
    this.context.fillStyle = this.colour(name);
    for (const [x, low, high] of columns(row, xs))
      this.context.fillRect(x, this.yOf(high) - 1, 1, this.yOf(low) - this.yOf(high) + 2);
  }

  // Before the first point and after the last one it is level; what is out of sight would be dashed too.
  drawLine(name, row, xs) {
    const { context } = this;
    context.beginPath();
    context.moveTo(clamp(this.xOf(0), this.gutter, xs[0]), this.yOf(row[0]));
    row.forEach((value, n) => context.lineTo(xs[n], this.yOf(value)));
    context.lineTo(clamp(this.xOf(this.data.duration), xs.at(-1), this.width), this.yOf(row.at(-1)));
    context.setLineDash(DASHES[name] ?? []);
    context.lineWidth = 2;
    context.lineJoin = "round";
    context.strokeStyle = this.colour(name);
    context.stroke();
    context.setLineDash([]);
  }

  drawBand() {
    const { context } = this;
    const [top, height] = BAND;
    const ink = this.colour("ink");
    const end = this.view.from + this.view.shown;
    const bars = this.bars.filter((bar) => bar.end > this.view.from && bar.start < end);
    this.font(12);
    context.textAlign = "center";
    for (const { left, right, label } of thinned(bars, this.xOf)) {
      const width = right - left - (right - left > 3 ? 1 : 0);
      context.fillStyle = this.colour(`${label}-ground`);
      context.fillRect(left, top, width, height);
      context.fillStyle = this.colour(label);
      context.fillRect(left, top + height - 3, width, 3);
      context.fillStyle = ink;
      this.write(this.data.emotions[label], left, right);
    }
  }

  write(word, left, right) {
    const [first, last] = [Math.max(left, this.gutter), Math.min(right, this.width)];
    if (last - first > 12 && this.context.measureText(word).width <= last - first - 6)
      this.context.fillText(word, (first + last) / 2, BAND[0] + BAND[1] / 2 - 1);
  }
}

let curve = null;
followPlayer(audio, () => curve);

// What gradio calls: draws the curve that the server sends; `say` gives the words of the page.
export function emotionCurve(element, props, watch, say) {
  curve = new Curve(element.querySelector(".voice-curve"));
  curve.say = say;
  watch("value", () => curve.show(props.value || null));
  curve.show(props.value || null); // gradio writes nothing as ""
}
