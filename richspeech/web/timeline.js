// The timeline: waveform, emotions, sounds and languages on one canvas. Knows nothing of gradio:
// new Timeline(element, { labels, words, seek, toggle }) and then set(data), setTime(seconds).
import { make } from "./dom.js";
import { above, axisStep, clamp, clock, percent, rgb } from "./figures.js";
import { View, decodePeaks, extremes, languageRuns, pyramid, thinned, visible } from "./lanes.js";

// What tells bars apart that have no room for a word: strokes on a tile of 6 by 6.
const TEXTURES = {
  unknown: "M-6 6L0 0M0 6L6 0M6 6L12 0",
  angry: "M-6 0L0 6M0 0L6 6M6 0L12 6",
  sad: "M0 1.5H6M0 4.5H6",
  fearful: "M0 3H2M3 6H5M3 0H5",
  disgusted: "M3 0V6M0 3H6",
  surprised: "M1.5 0V6M4.5 0V6",
  happy: "M3 2V4M2 3H4",
};
const LANGUAGES = { zh: "#7d8fa0", yue: "#a9b7c4", en: "#5b6c7c", ja: "#93a3a8", ko: "#b9c3cc" };
const OTHER_LANGUAGE = "#8696a4";
const LANES = {
  axis: [0, 20],
  wave: [22, 60],
  emotion: [88, 26],
  events: [120, 22],
  language: [148, 18],
};
const HEIGHT = 168;
const FAINTEST = 0.25;
const JUMP_SECONDS = 5;

const told = (probability) => (probability == null ? "" : ` ${percent(probability)}`);

export class Timeline {
  constructor(element, { labels, words, seek, toggle }) {
    Object.assign(this, { element, labels, words, seek, toggle });
    this.data = {
      duration: 0,
      segments: [],
      languages: [],
      events: [],
      levels: [],
      secondsPerPeak: 1,
    };
    this.view = new View();
    this.time = 0;
    this.build();
    this.listen();
  }

  build() {
    this.element.innerHTML = `
      <div class="timeline-head"><div class="legend"></div><div class="timeline-tools">
        <button type="button" class="quiet" data-zoom="0.5">−</button>
        <button type="button" class="quiet" data-zoom="2">+</button>
        <button type="button" class="quiet" data-zoom="0">⤢</button></div></div>
      <div class="timeline-stage" tabindex="0" role="slider" aria-valuemin="0">
        <canvas></canvas><div class="playhead"></div><div class="timeline-tip" role="tooltip" hidden></div>
      </div>
      <div class="timeline-window" aria-hidden="true"><i></i></div>
      <p class="timeline-keys"></p>`;
    const find = (name) => this.element.querySelector(name);
    this.stage = find(".timeline-stage");
    this.canvas = find("canvas");
    this.canvas.height = HEIGHT;
    this.head = find(".playhead");
    this.tip = find(".timeline-tip");
    this.thumb = find(".timeline-window i");
    this.setWords(this.words);
  }

  setWords(words) {
    this.words = words;
    const [less, more, all] = this.element.querySelectorAll("[data-zoom]");
    [
      [less, "zoom_out"],
      [more, "zoom_in"],
      [all, "zoom_fit"],
    ].forEach(([button, key]) => {
      button.title = words[key];
      button.setAttribute("aria-label", words[key]);
    });
    this.stage.setAttribute("aria-label", words.timeline);
    this.element.querySelector(".timeline-keys").textContent = words.timeline_keys;
    this.drawLegend();
    this.setTime(this.time);
    this.redraw();
  }

  get locale() {
    return this.words.locale;
  }
  label(kind, name) {
    return this.labels[kind][name]?.[this.locale] ?? name;
  }

  set({ duration, segments, peaks }, hidden = new Set()) {
    const same =
      this.chunks?.length === peaks.chunks.length &&
      this.chunks.at(-1) === peaks.chunks.at(-1) &&
      this.data.secondsPerPeak === peaks.seconds_per_peak;
    this.chunks = peaks.chunks;
    this.hidden = hidden;
    this.data = {
      duration,
      segments: segments.map((s) => ({ ...s, label: s.emotion, probability: s.emotion_probability })),
      languages: languageRuns(segments),
      events: segments.flatMap((s) =>
        s.events.map(([label, probability], row) => ({
          index: s.index,
          start: s.start,
          end: s.end,
          label,
          probability,
          row,
          rows: s.events.length,
        })),
      ),
      levels: same ? this.data.levels : pyramid(decodePeaks(peaks.chunks)),
      secondsPerPeak: peaks.seconds_per_peak,
    };
    this.loudest =
      this.data.levels.at(-1)?.reduce((most, value) => Math.max(most, Math.abs(value)), 1) ?? 1;
    this.view.duration = duration;
    this.stage.setAttribute("aria-valuemax", duration.toFixed(1));
    this.drawLegend();
    this.redraw();
  }

  reset() {
    this.view.reset();
    this.chunks = null;
    this.setTime(0);
  }

  // View: which seconds lie where ------------------------------------------------------------

  get gutter() {
    return this.locale === "zh" ? 36 : 66;
  }
  get scale() {
    return Math.max(this.width - this.gutter, 1) / this.view.shown;
  }
  xOf = (seconds) => this.gutter + (seconds - this.view.from) * this.scale;
  secondsAt = (x) => clamp(this.view.from + (x - this.gutter) / this.scale, 0, this.data.duration);

  zoom(factor, at = this.gutter + (this.width - this.gutter) / 2) {
    this.view.zoom(factor, (at - this.gutter) / Math.max(this.width - this.gutter, 1));
    this.redraw();
  }

  moveTo(from) {
    this.view.moveTo(from);
    this.redraw();
  }

  setTime(seconds, playing = false) {
    this.time = seconds;
    const x = this.xOf(seconds);
    if (playing && !this.dragging && this.view.follow(seconds)) this.redraw();
    this.head.style.transform = `translateX(${this.xOf(seconds)}px)`;
    this.head.hidden = x < this.gutter || x > this.width;
    const second = seconds.toFixed(1);
    if (!playing && second !== this.stage.getAttribute("aria-valuenow")) {
      // no stream of words while it plays
      this.stage.setAttribute("aria-valuenow", second);
      this.stage.setAttribute("aria-valuetext", this.describe(seconds));
    }
  }

  describe(seconds) {
    const segment = this.at(seconds);
    const place = `${clock(seconds)} / ${clock(this.data.duration)}`;
    if (!segment) return place;
    const emotion = this.heardEmotion(segment) ? this.label("emotions", segment.emotion) : "";
    return [place, emotion, segment.text].filter(Boolean).join(", ");
  }

  // Some engines hear words only: then nothing is known, which is not "unknown".
  heardEmotion(segment) {
    return segment.has_emotion !== false;
  }

  at(seconds) {
    const { segments } = this.data;
    const found = segments[above(segments, seconds, (s) => s.start) - 1];
    return found && seconds <= found.end ? found : null;
  }

  // Hands --------------------------------------------------------------------------------------

  listen() {
    const { stage } = this;
    this.pointers = new Map();
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
    const jump = { ArrowLeft: -JUMP_SECONDS, ArrowRight: JUMP_SECONDS }[key];
    if (jump) this.seek(clamp(this.time + jump, 0, this.data.duration), false);
    else if (key === " ") this.toggle();
    else if (key === "+" || key === "=") this.zoom(2, this.middle());
    else if (key === "-" || key === "_") this.zoom(0.5, this.middle());
    else if (key === "0") this.zoom(0);
    else if (key === "Home" || key === "End") this.seek(key === "Home" ? 0 : this.data.duration, false);
    else return false;
    return true;
  }

  // The keys zoom around the playhead, while it is to be seen.
  middle() {
    return this.head.hidden ? undefined : this.xOf(this.time);
  }

  point(event, x) {
    if (event.pointerType === "touch" || x < this.gutter || !this.data.duration) {
      this.tip.hidden = true;
      return;
    }
    const seconds = this.secondsAt(x);
    const lines = this.tipLines(seconds).map((textContent) => make("div", { textContent }));
    this.tip.replaceChildren(...lines);
    this.tip.hidden = false;
    const room = this.width - this.tip.offsetWidth - 4;
    this.tip.style.left = `${clamp(x + 14, 4, Math.max(room, 4))}px`;
  }

  tipLines(seconds) {
    const segment = this.at(seconds);
    if (!segment) return [clock(seconds, 1)];
    const events = segment.events.map(([name, value]) => this.label("events", name) + told(value));
    return [
      `${clock(segment.start, 1)} – ${clock(segment.end, 1)}`,
      segment.text.length > 90 ? `${segment.text.slice(0, 90)}…` : segment.text,
      this.heardEmotion(segment)
        ? `${this.words.lane_emotion}: ${this.label("emotions", segment.emotion)}${told(segment.emotion_probability)}`
        : "",
      events.length ? `${this.words.lane_events}: ${events.join(", ")}` : "",
      `${this.words.lane_language}: ${this.label("languages", segment.language ?? "")}${told(segment.language_probability)}`,
      segment.corrected.length ? this.words.corrected : "",
    ].filter(Boolean);
  }

  // Drawing ------------------------------------------------------------------------------------

  redraw() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.draw();
    });
  }

  // Colours and fonts of the page as it is now, light or dark.
  style() {
    if (this.look) return this.look;
    const style = getComputedStyle(this.stage);
    const value = (name) => style.getPropertyValue(name).trim();
    const look = {
      ink: value("--ink"),
      soft: value("--soft-ink"),
      line: value("--line"),
      card: value("--card"),
      accent: value("--accent"),
      colours: {},
    };
    look.ground = rgb(look.card);
    look.font = style.fontFamily;
    return (this.look = look);
  }

  // What is unknown has no colour.
  colour(name) {
    if (name === "unknown") return null;
    const { colours } = this.style();
    return (colours[name] ??= getComputedStyle(this.stage).getPropertyValue(`--${name}`).trim());
  }

  draw() {
    this.width = this.stage.clientWidth;
    if (!this.width) return;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(this.width * ratio), Math.round(HEIGHT * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height)
      Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, HEIGHT);
    this.context = context;
    this.drawAxis();
    context.save();
    context.beginPath();
    context.rect(this.gutter, LANES.wave[0], this.width - this.gutter, HEIGHT);
    context.clip();
    this.drawWave();
    this.drawBars();
    context.restore();
    this.drawNames();
    const left = (this.view.from / (this.data.duration || 1)) * 100;
    this.thumb.parentElement.hidden = !this.view.span;
    this.thumb.style.cssText = `left:${left}%;width:${(this.view.shown / (this.data.duration || 1)) * 100}%`;
    this.setTime(this.time);
  }

  font(size, weight = 400) {
    this.context.font = `${weight} ${size}px ${this.style().font}`;
  }

  drawNames() {
    this.font(12);
    this.context.fillStyle = this.style().soft;
    this.context.textAlign = "left";
    this.context.textBaseline = "middle";
    for (const lane of ["emotion", "events", "language"]) {
      const [top, height] = LANES[lane];
      this.context.fillText(this.words[`lane_${lane}`], 0, top + height / 2 + 0.5);
    }
  }

  drawAxis() {
    const { context } = this;
    const { soft, line } = this.style();
    const step = axisStep(this.scale, 64);
    this.font(11);
    context.textBaseline = "middle";
    const last = Math.min(this.view.from + this.view.shown, this.data.duration);
    for (let n = Math.ceil(this.view.from / step); n * step <= last; n++) {
      const x = Math.round(this.xOf(n * step)) + 0.5;
      context.fillStyle = line;
      context.fillRect(x, LANES.axis[1] - 4, 1, HEIGHT - LANES.axis[1]);
      context.fillStyle = soft;
      context.textAlign = x > this.width - 24 ? "right" : "center";
      const label = clock(n * step, step < 1 ? 1 : 0);
      context.fillText(label, clamp(x, this.gutter, this.width), 8);
    }
  }

  drawWave() {
    const { levels, secondsPerPeak } = this.data;
    const [top, height] = LANES.wave;
    const middle = top + height / 2;
    this.context.fillStyle = this.style().line;
    this.context.fillRect(this.gutter, middle - 0.5, this.width, 1);
    if (!levels.length) return;
    const wanted = Math.log2(1 / this.scale / secondsPerPeak);
    const depth = clamp(Math.floor(wanted), 0, levels.length - 1);
    const [level, seconds] = [levels[depth], secondsPerPeak * 2 ** depth];
    this.context.globalAlpha = 0.75;
    this.context.fillStyle = this.style().accent;
    const size = height / 2 / this.loudest;
    for (let x = this.gutter; x < this.width; x++) {
      const first = Math.max(Math.floor((this.view.from + (x - this.gutter) / this.scale) / seconds), 0);
      const last = Math.max(
        Math.ceil((this.view.from + (x + 1 - this.gutter) / this.scale) / seconds),
        first + 1,
      );
      const [low, high] = extremes(level, first, last) ?? [];
      if (low != null)
        this.context.fillRect(x, middle - high * size, 1, Math.max((high - low) * size, 1));
    }
    this.context.globalAlpha = 1;
  }

  visible(bars) {
    return visible(bars, this.view.from, this.view.from + this.view.shown);
  }

  // Runs of one language may be longer than any utterance; there are few of them.
  visibleRuns(bars) {
    const [from, end] = [this.view.from, this.view.from + this.view.shown];
    return bars.filter((bar) => bar.end > from && bar.start < end);
  }

  drawBars() {
    const short = (kind) => (name) => this.labels[kind]?.[name]?.[this.locale] ?? "";
    const emotion = {
      word: short("emotions"),
      sign: short("signs"),
      colour: (name) => this.colour(name),
    };
    const voices = this.data.segments.filter((segment) => this.heardEmotion(segment));
    for (const bar of thinned(this.visible(voices), this.xOf))
      this.drawBar(bar, ...LANES.emotion, emotion);
    const event = {
      least: 2, // sounds are rare, and must not be missed
      word: short("events"),
      sign: short("signs"),
      colour: () => this.colour("event"),
    };
    for (const bar of thinned(this.visible(this.data.events), this.xOf)) {
      const [top, height] = LANES.events;
      this.drawBar(
        bar,
        top + (bar.row * height) / bar.rows,
        height / bar.rows - (bar.rows > 1 ? 1 : 0),
        event,
      );
    }
    const language = {
      word: short("languages"),
      sign: (name) => name,
      colour: (name) => LANGUAGES[name] ?? OTHER_LANGUAGE,
    };
    for (const bar of thinned(this.visibleRuns(this.data.languages), this.xOf))
      this.drawBar(bar, ...LANES.language, language);
  }

  drawBar({ label, left, right, probability, index }, top, height, { word, sign, colour, least = 1 }) {
    const { context } = this;
    const width = Math.max(right - left - (right - left > 4 ? 1 : 0), 1);
    const dim = this.hidden?.has(index) ? 0.2 : 1;
    const strength = FAINTEST + (1 - FAINTEST) * (probability ?? 1);
    const name = colour(label);
    context.globalAlpha = dim * (name ? strength : 1);
    context.fillStyle = name ?? this.hatch();
    if (width <= 3) {
      // a pixel or two: nothing else would be seen
      context.fillRect(left, top, Math.max(width, least), height);
      context.globalAlpha = 1;
      return;
    }
    context.beginPath();
    context.roundRect(left, top, width, height, Math.min(4, width / 3));
    context.fill();
    context.globalAlpha = dim;
    context.strokeStyle = name ?? this.style().soft;
    context.lineWidth = 1;
    context.setLineDash(name ? [] : [3, 2]);
    context.stroke();
    context.setLineDash([]);
    const written = this.write(
      label,
      Math.max(left, this.gutter),
      Math.min(right, this.width),
      top,
      height,
      name ? this.inkOn(name, strength) : this.style().ink,
      word,
      sign,
      probability,
    );
    if (!written && name && TEXTURES[label]) {
      context.fillStyle = this.pattern(this.inkOn(name, strength), 0.75, TEXTURES[label]);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  // As much as there is room for: word and probability, word, its end, sign; false for nothing.
  write(label, left, right, top, height, ink, word, sign, probability) {
    if (right - left < 11 || height < 12) return false;
    this.font(12, 500);
    const texts = [
      word(label) + told(probability),
      word(label),
      word(label).split(" ").at(-1),
      sign(label),
    ];
    const text = texts.find((each) => this.context.measureText(each).width <= right - left - 6);
    if (!text) return false;
    this.context.fillStyle = ink;
    this.context.textAlign = "center";
    this.context.textBaseline = "middle";
    if (label === "unknown") {
      // the hatching stops around the word
      const width = this.context.measureText(text).width + 6;
      this.context.save();
      this.context.fillStyle = this.style().card;
      this.context.fillRect((left + right - width) / 2, top + 3, width, height - 6);
      this.context.restore();
    }
    this.context.fillText(text, (left + right) / 2, top + height / 2 + 0.5);
    return true;
  }

  // Black or white, whichever is easier to read on a colour of some strength on the card.
  inkOn(colour, strength) {
    const mixed = rgb(colour).map(
      (value, i) => value * strength + this.style().ground[i] * (1 - strength),
    );
    const linear = mixed.map((value) => (value / 255) ** 2.2);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.19 ? "#0b1116" : "#ffffff";
  }

  hatch() {
    return this.pattern(this.style().soft, 0.6, TEXTURES.unknown);
  }

  pattern(colour, alpha, strokes) {
    const key = [colour, alpha, strokes].join();
    this.patterns ??= new Map();
    if (!this.patterns.has(key)) {
      const tile = make("canvas", { width: 6, height: 6 });
      const context = tile.getContext("2d");
      context.strokeStyle = colour;
      context.globalAlpha = alpha;
      context.stroke(new Path2D(strokes));
      this.patterns.set(key, this.context.createPattern(tile, "repeat"));
    }
    return this.patterns.get(key);
  }

  drawLegend() {
    const segments = this.data.segments.filter((segment) => this.heardEmotion(segment));
    const heard = new Set(segments.map((segment) => segment.emotion));
    const names = Object.keys(this.labels.emotions).filter((name) => heard.has(name));
    const items = names.map((name) => {
      const sign = { className: `tone-${name}`, textContent: this.label("signs", name) };
      const swatch = make("i", { ...sign, aria: { hidden: true } });
      return make("span", {}, swatch, this.label("emotions", name));
    });
    this.element.querySelector(".legend").replaceChildren(...items);
  }
}
