// The timeline: waveform, emotions, sounds and languages on one canvas. Knows nothing of gradio:
// new Timeline(element, { labels, words, seek, toggle }) and then set(data), setTime(seconds).
import { make } from "./dom.js";
import { clamp, clock, percent, rgb } from "./figures.js";
import {
  areDense,
  binSeconds,
  binned,
  caption,
  decodePeaks,
  heardAt,
  languageRuns,
  layout,
  outline,
  pyramid,
  saidIn,
  shortened,
  stacked,
  thinned,
  visible,
} from "./lanes.js";
import { TimeCanvas } from "./time_canvas.js";

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
const LANES = ["emotion", "events", "language"];
const FAINTEST = 0.25;
// Below the bars of a speaker's lane, in the colour of the speaker.
const STRIPE = 4;
// Of the width, and in pixels: names of speakers that are longer are cut.
const WIDEST_NAMES = [0.25, 132];
const JUMP_SECONDS = 5;
// From which on there is a map of a recording, even while all of it is shown.
const MAPPED_SECONDS = 600;

const LEAST_PIXELS_OF_TEXTURE = 5;
// Before the name of what a filter hides.
const HIDDEN = "hidden-";

const told = (probability) => (probability == null ? "" : ` ${percent(probability)}`);

export class Timeline extends TimeCanvas {
  constructor(element, { labels, words, seek, toggle }) {
    super();
    Object.assign(this, { labels, words, seek, toggle });
    this.data = {
      duration: 0,
      segments: [],
      speakers: [],
      languages: [],
      events: [],
      levels: [],
      secondsPerPeak: 1,
    };
    const { places, height } = layout(LANES);
    this.places = places;
    this.build(element, { name: "timeline", height, jump: JUMP_SECONDS });
    this.setWords(words);
  }

  setWords(words) {
    this.words = words;
    this.room = null;
    this.setNames(words, words.timeline, words.timeline_keys);
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

  set({ duration, lanes, speakers = [], segments, peaks }, hidden = new Set()) {
    Object.assign(this, layout(lanes, speakers.length));
    const same =
      this.chunks?.length === peaks.chunks.length &&
      this.chunks.at(-1) === peaks.chunks.at(-1) &&
      this.data.secondsPerPeak === peaks.seconds_per_peak;
    this.chunks = peaks.chunks;
    this.hidden = hidden;
    this.bins = new Map();
    this.data = {
      duration,
      segments: segments.map((s) => ({ ...s, label: s.emotion, probability: s.emotion_probability })),
      speakers,
      languages: languageRuns(segments),
      events: segments.flatMap((s) =>
        s.events.map(([label, probability], row) => ({
          id: s.id,
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
    this.data.voices = speakers.map((name) => this.data.segments.filter((s) => s.speaker === name));
    this.room = null;
    this.loudest =
      this.data.levels.at(-1)?.reduce((most, value) => Math.max(most, Math.abs(value)), 1) ?? 1;
    this.setDuration(duration);
    this.drawLegend();
    this.redraw();
  }

  reset() {
    this.view.reset();
    this.chunks = null;
    this.setTime(0);
  }

  // Measured once for every drawing.
  get gutter() {
    return (this.room ??= this.roomForNames());
  }

  roomForNames() {
    const [share, most] = WIDEST_NAMES;
    this.font(12, 600);
    const widthOf = (name) => this.context.measureText(name).width + 10;
    const room = Math.min(Math.max(0, ...this.data.speakers.map(widthOf)), most, this.width * share);
    const lanes = LANES.map((lane) => widthOf(this.words[`lane_${lane}`]));
    return Math.ceil(Math.max(...lanes, room));
  }
  describe(seconds) {
    const segment = this.at(seconds);
    const place = `${clock(seconds)} / ${clock(this.view.duration)}`;
    if (!segment) return place;
    const emotion = this.heardEmotion(segment) ? this.label("emotions", segment.emotion) : "";
    return [place, segment.speaker, emotion, segment.text].filter(Boolean).join(", ");
  }

  // Some engines hear words only: then nothing is known, which is not "unknown".
  heardEmotion(segment) {
    return segment.has_emotion !== false;
  }

  // The one that began last; two may speak at once.
  at(seconds) {
    return heardAt(this.data.segments, seconds).at(-1) ?? null;
  }

  tipRows(seconds) {
    return this.tipLines(seconds).map((textContent) => make("div", { textContent }));
  }

  tipLines(seconds) {
    const shares = this.sharesAt(seconds);
    if (shares) return shares;
    const heard = heardAt(this.data.segments, seconds);
    if (!heard.length) return [clock(seconds, 1)];
    return heard.flatMap((segment) => this.tipOf(segment));
  }

  // What a bin holds, in words, while bins are drawn.
  sharesAt(seconds) {
    const heard = this.data.segments.filter((segment) => this.heardEmotion(segment));
    const lanes = this.places.emotion ? [heard] : this.data.voices;
    if (!lanes.some((bars) => this.areDense([...this.visible(bars)]))) return null;
    const length = binSeconds(this.scale);
    const { bins } = this.binsOf("all", heard, length);
    const start = Math.floor(seconds / length) * length;
    const parts = bins
      .filter((bin) => bin.start === start)
      .flatMap((bin) => stacked(bin, this.stackOrder()))
      .sort((one, other) => other.to - other.from - (one.to - one.from));
    const named = ({ label, from, to }) =>
      `${this.label("emotions", label.replace(HIDDEN, ""))} ${percent(to - from)}`;
    return [`${clock(start)} – ${clock(start + length)}`, ...parts.map(named)];
  }

  tipOf(segment) {
    const events = segment.events.map(([name, value]) => this.label("events", name) + told(value));
    return [
      `${clock(segment.start, 1)} – ${clock(segment.end, 1)}`,
      segment.speaker,
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
      bad: value("--bad-ink"),
      colours: {},
    };
    look.ground = rgb(look.card);
    look.font = style.fontFamily;
    return (this.look = look);
  }

  // What is unknown has no colour; speech in which nobody listens for one has that of words.
  colour(name) {
    if (name === "unknown") return null;
    if (name === "speech") return this.style().soft;
    const { colours } = this.style();
    return (colours[name] ??= getComputedStyle(this.stage).getPropertyValue(`--${name}`).trim());
  }

  voice(number) {
    return this.colour(`voice-${number % this.labels.voices}`);
  }

  paint() {
    this.room = this.roomForNames(); // before a font is chosen
    this.drawAxis();
    this.clipped(this.places.wave[0], () => {
      this.drawWave();
      this.drawBars();
    });
    this.drawNames();
  }

  // A map of what is long, or not all shown. Its script comes when the first one is needed.
  drawWindow() {
    const isWanted = Boolean(this.view.span) || this.view.duration >= MAPPED_SECONDS;
    this.overview?.draw(isWanted);
    if (isWanted) this.mapping ??= this.map();
  }

  setTime(seconds, playing) {
    super.setTime(seconds, playing);
    this.overview?.setTime(seconds);
  }

  async map() {
    const { Overview } = await import(new URL("./overview.js", import.meta.url));
    this.overview = new Overview(this);
    this.redraw();
  }

  font(size, weight = 400) {
    this.context.font = `${weight} ${size}px ${this.style().font}`;
  }

  drawNames() {
    this.font(12);
    this.context.fillStyle = this.style().soft;
    this.context.textAlign = "left";
    this.context.textBaseline = "middle";
    for (const lane of LANES.filter((each) => this.places[each])) {
      const [top, height] = this.places[lane];
      this.context.fillText(this.words[`lane_${lane}`], 0, top + height / 2 + 0.5);
    }
    this.font(12, 600);
    const widthOf = (text) => this.context.measureText(text).width;
    for (const [number, [top, height]] of this.places.speakers.entries()) {
      this.context.fillStyle = this.voice(number);
      const name = shortened(this.data.speakers[number], this.gutter - 6, widthOf);
      this.font(12, 600);
      this.context.fillText(name, 0, top + height / 2 + 0.5);
    }
  }

  drawAxis() {
    const [, bottom] = this.places.axis;
    const { context } = this;
    const { soft, line } = this.style();
    this.font(11);
    context.textBaseline = "middle";
    for (const [at, label] of this.marks()) {
      const x = Math.round(at) + 0.5;
      context.fillStyle = line;
      context.fillRect(x, bottom - 4, 1, this.height - bottom);
      context.fillStyle = soft;
      context.textAlign = x > this.width - 24 ? "right" : "center";
      context.fillText(label, clamp(x, this.gutter, this.width), 8);
    }
  }

  drawWave() {
    const [top, height] = this.places.wave;
    const middle = top + height / 2;
    const { context, gutter, view } = this;
    context.fillStyle = this.style().line;
    context.fillRect(gutter, middle - 0.5, this.width, 1);
    context.globalAlpha = 0.75;
    context.fillStyle = this.style().accent;
    const size = height / 2 / this.loudest;
    for (const [x, low, high] of outline(this.data, view.from, this.scale, this.width - gutter))
      context.fillRect(gutter + x, middle - high * size, 1, Math.max((high - low) * size, 1));
    context.globalAlpha = 1;
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
    if (this.places.emotion) {
      const [top, height] = this.places.emotion;
      const bars = [...this.visible(voices)];
      if (this.areDense(bars)) this.drawShares("emotion", voices, top, height);
      else for (const bar of thinned(bars, this.xOf)) this.drawBar(bar, top, height, emotion);
    }
    for (const number of this.places.speakers.keys()) this.drawVoice(number, emotion);
    const event = {
      least: 2, // sounds are rare, and must not be missed
      word: short("events"),
      sign: short("signs"),
      colour: () => this.colour("event"),
    };
    for (const bar of thinned(this.visible(this.data.events), this.xOf)) {
      const [top, height] = this.places.events;
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
      this.drawBar(bar, ...this.places.language, language);
  }

  // What one speaker says, with the emotions in it, underlined in the colour of the speaker.
  drawVoice(number, emotion) {
    const { context } = this;
    const [top, height] = this.places.speakers[number];
    const voice = this.voice(number);
    const plain = { ...emotion, word: () => "", sign: () => "", colour: () => voice };
    const bars = [...this.visible(this.data.voices[number])];
    const heard = this.data.voices[number].filter((bar) => this.heardEmotion(bar));
    const isDense = this.areDense(bars);
    if (isDense) this.drawShares(number, heard, top, height - STRIPE - 2);
    for (const bar of thinned(bars, this.xOf)) {
      const look = this.heardEmotion(bar) ? emotion : plain;
      if (!isDense || look === plain) this.drawBar(bar, top, height - STRIPE - 2, look);
      context.globalAlpha = this.hidden?.has(bar.id) ? 0.2 : 1;
      context.fillStyle = voice;
      context.fillRect(bar.left, top + height - STRIPE, Math.max(bar.right - bar.left - 1, 1), STRIPE);
      context.globalAlpha = 1;
    }
  }

  areDense(bars) {
    return areDense(bars, this.width - this.gutter);
  }

  // How much of each stretch is of which emotion, as high as the one in which most is said. What a filter
  // hides is dim, and stands above.
  drawShares(lane, bars, top, height) {
    this.context.fillStyle = this.style().line;
    this.context.fillRect(this.gutter, top + height, this.width, 1);
    const { bins, most } = this.binsOf(lane, bars, binSeconds(this.scale));
    for (const bin of this.visibleRuns(bins)) {
      const left = this.xOf(bin.start);
      const width = Math.max(this.xOf(bin.end) - left - 1, 1);
      for (const { label, from, to } of stacked(bin, this.stackOrder(), most))
        this.drawShare(label, left, top + (1 - to) * height, width, (to - from) * height);
    }
  }

  hiddenName = (name) => HIDDEN + name;

  stackOrder() {
    const names = Object.keys(this.labels.emotions);
    return [...names, ...names.map(this.hiddenName)];
  }

  // The bins of a lane, each of the same length, once for every state of what is shown.
  binsOf(lane, bars, length) {
    const key = `${lane} ${length}`;
    if (!this.bins.has(key)) {
      const named = bars.map(({ id, start, end, label }) => {
        return { start, end, label: this.hidden?.has(id) ? HIDDEN + label : label };
      });
      const bins = binned(named, length);
      this.bins.set(key, { bins, most: Math.max(...bins.map(saidIn)) });
    }
    return this.bins.get(key);
  }

  drawShare(label, left, top, width, height, context = this.context) {
    const name = label.replace(HIDDEN, "");
    const colour = this.colour(name);
    context.globalAlpha = name === label ? 1 : 0.2;
    context.fillStyle = colour ?? this.hatch();
    context.fillRect(left, top, width, height);
    if (colour && TEXTURES[name] && height >= LEAST_PIXELS_OF_TEXTURE) {
      context.fillStyle = this.pattern(this.inkOn(colour, 1), 0.45, TEXTURES[name]);
      context.fillRect(left, top, width, height);
    }
    context.globalAlpha = 1;
  }

  drawBar({ label, left, right, probability, id }, top, height, { word, sign, colour, least = 1 }) {
    const { context } = this;
    const width = Math.max(right - left - (right - left > 4 ? 1 : 0), 1);
    const dim = this.hidden?.has(id) ? 0.2 : 1;
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
    if (height < 12) return false;
    const words = [word(label) + told(probability), word(label), word(label).split(" ").at(-1)];
    const text = caption(words, sign(label), right - left, (each, size) => {
      this.font(size, 500);
      return this.context.measureText(each).width;
    });
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
    this.legend.replaceChildren(...items);
  }
}
