// What the timeline draws of a recording: levels of its waveform, bars that are worth a pixel, and
// which seconds lie where. Nothing here knows a canvas.
import { above, axisStep, clamp } from "./figures.js";

const SHORTEST_SECONDS = 2;
// As far nobody hears between two frames, however fast it plays.
const JUMP_SECONDS = 3;
const LONGEST_UTTERANCE_SECONDS = 120;
// Levels of a pyramid stop where one has so few values.
const COARSEST = 1024;

const LEAST_PIXELS_OF_BARS = 5;
const LEAST_PIXELS_OF_BINS = 7;

const AXIS = { axis: [0, 20], wave: [22, 60] };
const SPEAKER_HEIGHT = 28;
const LANE_HEIGHTS = { emotion: 26, events: 22, language: 18 };
const GAP = 6;

// Top and height of each part in pixels, and the height of all: the axis, the waveform, and below it
// one lane a speaker, and those of the lanes that are to be there.
export function layout(lanes, speakers = 0) {
  let bottom = AXIS.wave[0] + AXIS.wave[1];
  const below = (height) => {
    bottom += GAP + height;
    return [bottom - height, height];
  };
  const places = { ...AXIS, speakers: Array.from({ length: speakers }, () => below(SPEAKER_HEIGHT)) };
  for (const [lane, height] of Object.entries(LANE_HEIGHTS))
    if (lanes.includes(lane)) places[lane] = below(height);
  return { places, height: bottom + 2 };
}

// As much of a name as has room, with a sign for what is left out.
export function shortened(name, room, widthOf) {
  if (widthOf(name) <= room) return name;
  const letters = [...name];
  while (letters.length > 1 && widthOf(`${letters.join("")}…`) > room) letters.pop();
  return `${letters.join("")}…`;
}

// Those of the segments that reach over a second, by their starts.
export function heardAt(segments, seconds) {
  return [...visible(segments, seconds, seconds + 1e-6)].filter(({ start }) => start <= seconds);
}

// Pairs of lowest and highest at every power of two, finest first.
export function pyramid(finest) {
  const levels = [finest];
  for (let level = finest; level.length > COARSEST; levels.push(level)) {
    const next = new Int8Array(2 * Math.ceil(level.length / 4));
    for (let i = 0; i < next.length; i += 2) {
      const j = 2 * i;
      const twin = j + 2 < level.length ? j + 2 : j;
      next[i] = Math.min(level[j], level[twin]);
      next[i + 1] = Math.max(level[j + 1], level[twin + 1]);
    }
    level = next;
  }
  return levels;
}

export function decodePeaks(chunks) {
  const parts = chunks.map((chunk) => atob(chunk));
  const values = new Int8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) for (let i = 0; i < part.length; i++) values[at++] = part.charCodeAt(i);
  return values;
}

// The lowest and highest value between two places of a level, or null where it has none.
export function extremes(level, first, last) {
  let [low, high] = [127, -128];
  for (let i = first * 2; i < Math.min(last * 2, level.length); i += 2) {
    low = Math.min(low, level[i]);
    high = Math.max(high, level[i + 1]);
  }
  return low <= high ? [low, high] : null;
}

// What a waveform covers in each of so many pixels, from a second on: [pixel, lowest, highest].
export function* outline({ levels, secondsPerPeak }, from, scale, width) {
  if (!levels.length) return;
  const wanted = Math.floor(Math.log2(1 / scale / secondsPerPeak));
  const depth = clamp(wanted, 0, levels.length - 1);
  const seconds = secondsPerPeak * 2 ** depth;
  for (let x = 0; x < width; x++) {
    const first = Math.max(Math.floor((from + x / scale) / seconds), 0);
    const last = Math.max(Math.ceil((from + (x + 1) / scale) / seconds), first + 1);
    const found = extremes(levels[depth], first, last);
    if (found) yield [x, ...found];
  }
}

// What is narrower than a pixel is merged: per lane and pixel the label with most weight stays.
export function* thinned(bars, xOf) {
  let column = null;
  for (const bar of bars) {
    const [left, right] = [xOf(bar.start), xOf(bar.end)];
    if (right - left >= 1.5) {
      if (column) yield column;
      column = null;
      yield { ...bar, left, right };
      continue;
    }
    const at = Math.floor(left);
    const weight = (bar.end - bar.start) * (bar.probability ?? 1);
    if (column && column.left !== at) {
      yield column;
      column = null;
    }
    if (!column || weight > column.weight) column = { ...bar, left: at, right: at + 1, weight };
  }
  if (column) yield column;
}

// Whether bars are so many that none of them would be seen: `room` is that of all, in pixels.
export const areDense = (bars, room) => bars.length * LEAST_PIXELS_OF_BARS > room;

// The length of a bin in seconds, at so many pixels a second: one that people count in.
export const binSeconds = (scale) => axisStep(scale, LEAST_PIXELS_OF_BINS);

// What equal bins hold: { start, end, seconds } of each into which a bar reaches, with the seconds of each
// label. They begin at multiples of their length, so that they are the same wherever one looks.
export function binned(bars, length) {
  const bins = new Map();
  for (const { start, end, label } of bars)
    for (let n = Math.floor(start / length); n * length < end; n++) {
      const bin = bins.get(n) ?? { start: n * length, end: (n + 1) * length, seconds: {} };
      const inside = Math.min(end, bin.end) - Math.max(start, bin.start);
      bin.seconds[label] = (bin.seconds[label] ?? 0) + inside;
      bins.set(n, bin);
    }
  return [...bins.keys()].sort((one, other) => one - other).map((n) => bins.get(n));
}

// All that was said in a bin, in seconds.
export const saidIn = ({ seconds }) => Object.values(seconds).reduce((sum, each) => sum + each, 0);

// The parts of a bin from below, in the order of the labels: { label, from, to } in shares of `whole`.
export function stacked(bin, labels, whole = saidIn(bin)) {
  let below = 0;
  return labels
    .filter((label) => bin.seconds[label])
    .map((label) => {
      const from = below;
      below += bin.seconds[label] / whole;
      return { label, from, to: below };
    });
}

// The first of the words that has room in a bar, else the sign, which may fill it and be small; null
// where nothing fits. `widthOf(text, size)` measures in pixels, last what is returned.
export function caption(words, sign, room, widthOf) {
  const word = words.find((each) => widthOf(each, 12) <= room - 6);
  if (word) return word;
  return [12, 10].some((size) => widthOf(sign, size) <= room - 1) ? sign : null;
}

// Neighbours in one language are one bar.
export function languageRuns(segments) {
  const runs = [];
  for (const { start, end, language } of segments) {
    if (!language || language === "nospeech") continue;
    const last = runs.at(-1);
    if (last?.label === language && start - last.end < 3) last.end = end;
    else runs.push({ start, end, label: language, probability: null });
  }
  return runs;
}

// Those of the bars, sorted by start, that reach into a stretch.
export function* visible(bars, from, end) {
  const first = above(bars, from - LONGEST_UTTERANCE_SECONDS, (bar) => bar.start);
  for (let i = first; i < bars.length && bars[i].start < end; i++) if (bars[i].end > from) yield bars[i];
}

// Which seconds are shown: `from`, and `span` of them; a span of 0 shows all.
export class View {
  from = 0;
  span = 0;
  duration = 0;

  get shown() {
    return this.span || this.duration || 1;
  }

  // Keeps the second at a share (0 to 1) of the width where it is; a factor of 0 shows all.
  zoom(factor, share = 0.5) {
    const pinned = this.from + share * this.shown;
    const shortest = Math.min(SHORTEST_SECONDS, this.duration);
    const span = clamp(this.shown / factor, shortest, this.duration);
    this.span = factor && span < this.duration ? span : 0;
    this.moveTo(pinned - share * this.shown);
  }

  moveTo(from) {
    this.from = clamp(from, 0, Math.max(this.duration - this.shown, 0));
  }

  // Shows a stretch, as far as there is one and never too short a one; one side of it, "from" or "end", stays
  // where it is.
  show(from, end, fixed) {
    const shortest = Math.min(SHORTEST_SECONDS, this.duration);
    if (fixed === "end") from = clamp(from, 0, end - shortest);
    else end = clamp(end, from + shortest, this.duration);
    const span = end - from;
    this.span = span < this.duration ? span : 0;
    this.moveTo(from);
  }

  // Turns a page while it plays, once the playhead has left what is shown by itself or by a jump: who looks
  // elsewhere meanwhile stays there. `before` is where it was, null when it begins to play.
  follow(seconds, before) {
    const isShown = (time) => time >= this.from && time <= this.from + this.shown;
    const stays = before !== null && !isShown(before) && Math.abs(seconds - before) < JUMP_SECONDS;
    if (!this.span || isShown(seconds) || stays) return false;
    this.moveTo(seconds - this.span * 0.1);
    return true;
  }

  reset() {
    Object.assign(this, { from: 0, span: 0 });
  }
}
