// A map of the whole recording below its timeline: what is felt in it, and what stands out. The window on it
// is what the timeline shows. A script of its own, since few recordings need one.
import { make } from "./dom.js";
import { binSeconds, stacked, thinned } from "./lanes.js";
import { Stretch } from "./stretch.js";

const HEIGHT = 48;
// Top and height of what is drawn, in pixels.
const ROWS = { risks: [0, 7], shares: [9, 26], highlights: [37, 4], sounds: [43, 4] };
// Of what the timeline shows: what an arrow moves.
const STEP = 0.1;
const SPEECH = "speech";
// Where the page has what stands out, beside what was heard.
const PLACE = "#verdict";

export class Overview {
  constructor(timeline) {
    const { view } = timeline;
    this.timeline = timeline;
    this.canvas = make("canvas", { aria: { hidden: true }, height: HEIGHT });
    this.head = make("i");
    this.element = make("div", { className: "overview", role: "group" }, this.canvas, this.head);
    this.stretch = new Stretch(this.element, {
      bounds: () => [0, view.duration],
      span: () => [view.from, Math.min(view.from + view.shown, view.duration)],
      step: () => STEP * view.shown,
      move: (part, from, end) => this.move(part, from, end),
      hold: (isHeld) => {
        timeline.dragging = isHeld ? { moved: true } : null;
      },
    });
    timeline.thumb.parentElement.replaceWith(this.element);
    new MutationObserver(() => timeline.redraw()).observe(document.querySelector(PLACE), {
      ...{ childList: true, subtree: true, attributes: true, attributeFilter: ["data-marks"] },
    });
  }

  move(part, from, end) {
    const { view } = this.timeline;
    if (part === "window") view.moveTo(from);
    else view.show(from, end, part === "from" ? "end" : "from");
    this.timeline.redraw();
  }

  draw(isWanted) {
    this.element.hidden = !isWanted;
    if (!isWanted) return;
    const { timeline } = this;
    const { overview, overview_window, overview_from, overview_end, overview_rows } = timeline.words;
    this.element.setAttribute("aria-label", overview);
    this.element.title = overview_rows;
    this.stretch.setNames({ window: overview_window, from: overview_from, end: overview_end });
    this.element.style.setProperty("--gutter", `${timeline.gutter}px`);
    this.stretch.place();
    this.paint();
  }

  // Where it plays.
  setTime(seconds) {
    const share = seconds / (this.timeline.view.duration || 1);
    this.head.style.transform = `translateX(${share * (this.timeline.width - this.timeline.gutter)}px)`;
  }

  // Only what has changed is painted anew: moving the window changes nothing.
  paint() {
    const { timeline } = this;
    const marks = document.querySelector(`${PLACE} [data-marks]`)?.dataset.marks ?? "{}";
    const width = timeline.width - timeline.gutter;
    const ratio = window.devicePixelRatio || 1;
    const state = [timeline.bins, timeline.style(), marks, width, ratio];
    if (this.painted?.every((each, n) => each === state[n])) return;
    this.painted = state;
    const context = this.canvas.getContext("2d");
    Object.assign(this.canvas, { width: Math.round(width * ratio), height: HEIGHT * ratio });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const scale = width / (timeline.view.duration || 1);
    this.xOf = (seconds) => seconds * scale;
    this.drawShares(context, scale);
    this.drawMarks(context, { ...JSON.parse(marks), sounds: timeline.data.events });
  }

  // As much of each colour as is felt, as high as the stretch in which most is said.
  drawShares(context, scale) {
    const { timeline } = this;
    const [top, height] = ROWS.shares;
    context.fillStyle = timeline.style().line;
    context.fillRect(0, top + height, this.canvas.width, 1);
    const bars = timeline.data.segments.map((each) =>
      timeline.heardEmotion(each) ? each : { ...each, label: SPEECH },
    );
    const { bins, most } = timeline.binsOf("all of it", bars, binSeconds(scale));
    const order = [...timeline.stackOrder(), SPEECH, timeline.hiddenName(SPEECH)];
    for (const bin of bins) {
      const left = this.xOf(bin.start);
      const width = Math.max(this.xOf(bin.end) - left - 1, 1);
      for (const { label, from, to } of stacked(bin, order, most))
        timeline.drawShare(label, left, top + (1 - to) * height, width, (to - from) * height, context);
    }
  }

  // What stands out, each kind in a row of its own: of a risk the tip points to where it is.
  drawMarks(context, { risks = [], highlights = [], sounds }) {
    const { accent, bad } = this.timeline.style();
    const asBars = (spans) => spans.map(([start, end]) => ({ start, end }));
    const row = (name, bars, draw) => {
      for (const { left, right } of thinned(bars, this.xOf)) draw(left, right, ...ROWS[name]);
    };
    context.fillStyle = bad;
    row("risks", asBars(risks), (left, right, top, height) => {
      const middle = (left + right) / 2;
      context.beginPath();
      context.moveTo(middle - height / 2, top);
      context.lineTo(middle + height / 2, top);
      context.lineTo(middle, top + height);
      context.fill();
    });
    context.fillStyle = accent;
    row("highlights", asBars(highlights), (left, right, top, height) => {
      context.fillRect(left, top, Math.max(right - left, 4), height);
    });
    row("sounds", sounds, (left, _right, top, height) => context.fillRect(left, top, 1.5, height));
  }
}
