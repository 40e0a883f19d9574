// Zooming and scrolling, the levels of a waveform, and bars that are worth a pixel.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  areDense,
  binned,
  binSeconds,
  caption,
  decodePeaks,
  extremes,
  heardAt,
  languageRuns,
  layout,
  outline,
  pyramid,
  shortened,
  stacked,
  thinned,
  View,
  visible,
} from "../../richspeech/web/lanes.js";

function viewOf(duration) {
  return Object.assign(new View(), { duration });
}

test("a fresh view shows all", () => {
  assert.deepEqual([viewOf(100).from, viewOf(100).shown], [0, 100]);
});

test("zooming keeps the second under the pointer where it is", () => {
  const view = viewOf(100);
  view.zoom(4, 0.3);
  assert.equal(view.shown, 25);
  assert.equal(view.from + 0.3 * view.shown, 30);
  view.zoom(2, 0.9);
  assert.ok(Math.abs(view.from + 0.9 * view.shown - (30 - 0.3 * 25 + 0.9 * 25)) < 1e-9);
});

test("zooming out ends at the whole, and a factor of 0 goes there at once", () => {
  const view = viewOf(100);
  view.zoom(4, 0.5);
  view.zoom(0.1, 0.5);
  assert.deepEqual([view.from, view.span], [0, 0]);
  view.zoom(8, 0.9);
  view.zoom(0);
  assert.deepEqual([view.from, view.span], [0, 0]);
});

test("nothing shorter than two seconds is shown, unless the recording is", () => {
  const view = viewOf(100);
  view.zoom(1e6, 0.5);
  assert.equal(view.shown, 2);
  const short = viewOf(1);
  short.zoom(10, 0.5);
  assert.equal(short.shown, 1);
});

test("scrolling stops at both ends", () => {
  const view = viewOf(100);
  view.zoom(4, 0.5);
  view.moveTo(-10);
  assert.equal(view.from, 0);
  view.moveTo(1000);
  assert.equal(view.from, 75);
});

test("while it plays the view turns a page once the playhead has left it", () => {
  const view = viewOf(100);
  assert.equal(view.follow(90, 89.9), false);
  view.zoom(10, 0);
  assert.equal(view.follow(5, 4.9), false);
  assert.equal(view.follow(10.5, 9.9), true);
  assert.equal(view.from, 9.5);
});

test("who looks elsewhere while it plays stays there, until it jumps or begins anew", () => {
  const view = viewOf(100);
  view.zoom(10, 0);
  view.moveTo(50);
  assert.equal(view.follow(5, 4.9), false);
  assert.equal(view.from, 50);
  assert.equal(view.follow(80, 4.9), true);
  view.moveTo(20);
  assert.equal(view.follow(80, null), true);
});

test("peaks travel as base64 of signed bytes", () => {
  const chunk = btoa(String.fromCharCode(0x80, 0x7f, 0xff, 0x01));
  assert.deepEqual([...decodePeaks([chunk, chunk])], [-128, 127, -1, 1, -128, 127, -1, 1]);
});

test("every level of a waveform keeps the extremes of the finest", () => {
  const finest = Int8Array.from({ length: 6002 }, (_, n) => ((n * 37) % 255) - 127);
  for (const level of pyramid(finest)) {
    const [low, high] = extremes(level, 0, level.length / 2);
    assert.equal(low, Math.min(...finest.filter((_, n) => n % 2 === 0)));
    assert.equal(high, Math.max(...finest.filter((_, n) => n % 2 === 1)));
  }
});

test("beyond the end of a waveform there is nothing", () => {
  assert.equal(extremes(Int8Array.from([-3, 4]), 1, 2), null);
});

test("of bars narrower than a pixel the weightiest of each pixel stays", () => {
  const bars = [
    { start: 0.0, end: 0.2, label: "sad", probability: 0.5 },
    { start: 0.3, end: 0.7, label: "happy", probability: 0.9 },
    { start: 1.1, end: 1.2, label: "angry", probability: 1 },
    { start: 2, end: 9, label: "neutral", probability: null },
  ];
  const drawn = [...thinned(bars, (seconds) => seconds)];
  assert.deepEqual(
    drawn.map(({ label, left, right }) => [label, left, right]),
    [
      ["happy", 0, 1],
      ["angry", 1, 2],
      ["neutral", 2, 9],
    ],
  );
});

test("only bars that reach into the view are drawn", () => {
  const bars = [0, 10, 20, 30].map((start) => ({ start, end: start + 8 }));
  assert.deepEqual(
    [...visible(bars, 15, 25)].map(({ start }) => start),
    [10, 20],
  );
});

test("neighbours in one language are one bar, whatever language it is", () => {
  const said = (start, language) => ({ start, end: start + 2, language });
  const runs = languageRuns([
    said(0, "zh"),
    said(3, "zh"),
    said(6, "nospeech"),
    said(8, "fr"),
    said(30, "fr"),
  ]);
  assert.deepEqual(
    runs.map(({ start, end, label }) => [start, end, label]),
    [
      [0, 5, "zh"],
      [8, 10, "fr"],
      [30, 32, "fr"],
    ],
  );
});

test("lanes that are left out leave no gap", () => {
  const { places, height } = layout(["emotion", "events", "language"]);
  assert.deepEqual(
    [places.emotion, places.events, places.language],
    [
      [88, 26],
      [120, 22],
      [148, 18],
    ],
  );
  assert.equal(height, 168);
  const words = layout(["language"]);
  assert.deepEqual(words.places.language, [88, 18]);
  assert.deepEqual([words.places.emotion, words.height], [undefined, 108]);
});

test("a waveform covers in each pixel what sounds there, by a level that is fine enough", () => {
  const levels = pyramid(
    Int8Array.from({ length: 4096 }, (_, n) => (n % 2 ? 1 : -1) * ((n >> 1) % 100)),
  );
  const heard = { levels, secondsPerPeak: 0.5 };
  assert.deepEqual(
    [...outline(heard, 10, 2, 3)],
    [
      [0, -20, 20],
      [1, -21, 21],
      [2, -22, 22],
    ],
  );
  assert.deepEqual([...outline(heard, 0, 2 / 100, 1)], [[0, -99, 99]]);
  assert.deepEqual([...outline(heard, 5000, 1, 2)], []);
  assert.deepEqual([...outline({ levels: [], secondsPerPeak: 1 }, 0, 1, 9)], []);
});

test("speakers have a lane each, above the others", () => {
  const { places, height } = layout(["events", "language"], 2);
  assert.deepEqual(places.speakers, [
    [88, 28],
    [122, 28],
  ]);
  assert.deepEqual([places.events, places.emotion], [[156, 22], undefined]);
  assert.equal(height, 204);
  assert.deepEqual(layout([]).places.speakers, []);
});

test("a name that is too long is cut, and never to nothing", () => {
  const widthOf = (text) => text.length * 10;
  const shown = (room) => shortened("customer", room, widthOf);
  assert.deepEqual([80, 79, 50, 5].map(shown), ["customer", "custom…", "cust…", "c…"]);
});

test("two who speak at once are both heard", () => {
  const said = [
    { start: 0, end: 10 },
    { start: 2, end: 4 },
    { start: 6, end: 12 },
  ];
  const starts = (seconds) => heardAt(said, seconds).map(({ start }) => start);
  assert.deepEqual([3, 5, 6, 11, 13].map(starts), [[0, 2], [0], [0, 6], [6], []]);
});

test("a bar has its words, or its letter as long as that fits, if need be a small one", () => {
  const widthOf = (text, size) => (text.length * size) / 2;
  const shown = (room) => caption(["neutral 97%", "neutral"], "N", room, widthOf);
  assert.deepEqual([72, 71, 48, 47].map(shown), ["neutral 97%", "neutral", "neutral", "N"]);
  assert.deepEqual([7, 6, 5].map(shown), ["N", "N", null]);
});

test("bins hold all seconds of all bars, each where it lies", () => {
  const bars = [
    { start: 0, end: 4, label: "happy" },
    { start: 8, end: 13, label: "sad" },
    { start: 14, end: 31, label: "happy" },
  ];
  assert.deepEqual(binned(bars, 10), [
    { start: 0, end: 10, seconds: { happy: 4, sad: 2 } },
    { start: 10, end: 20, seconds: { sad: 3, happy: 6 } },
    { start: 20, end: 30, seconds: { happy: 10 } },
    { start: 30, end: 40, seconds: { happy: 1 } },
  ]);
  assert.deepEqual(binned([{ start: 10, end: 20, label: "sad" }], 10).length, 1);
});

test("bins sum up to what was said, however finely they are cut", () => {
  const bars = Array.from({ length: 300 }, (_, n) => ({
    ...{ start: n * 3.6, end: n * 3.6 + 1 + ((n * 7) % 20) / 10, label: n % 3 ? "neutral" : "angry" },
  }));
  const said = (label) =>
    bars.filter((bar) => bar.label === label).reduce((sum, { start, end }) => sum + end - start, 0);
  for (const length of [0.5, 7, 60, 3600])
    for (const label of ["neutral", "angry"]) {
      const sum = binned(bars, length).reduce((all, { seconds }) => all + (seconds[label] ?? 0), 0);
      assert.ok(Math.abs(sum - said(label)) < 1e-6);
    }
});

test("parts lie on each other, and are shares of what was said or of what is given", () => {
  const order = ["happy", "sad", "angry"];
  const bin = { start: 10, end: 20, seconds: { angry: 3, happy: 1 } };
  assert.deepEqual(stacked(bin, order), [
    { label: "happy", from: 0, to: 0.25 },
    { label: "angry", from: 0.25, to: 1 },
  ]);
  assert.deepEqual(stacked(bin, order, 8).at(-1), { label: "angry", from: 0.125, to: 0.5 });
  assert.deepEqual(stacked({ start: 0, end: 10, seconds: {} }, order), []);
});

test("bars become shares where they would be barcodes", () => {
  const bars = (count) => Array.from({ length: count });
  assert.deepEqual([areDense(bars(200), 1000), areDense(bars(201), 1000)], [false, true]);
  assert.ok(binSeconds(0.1) * 0.1 >= 7);
});

test("a stretch to show keeps one side, and ends where the recording does", () => {
  const shown = (from, end, fixed) => {
    const view = Object.assign(new View(), { duration: 100 });
    view.show(from, end, fixed);
    return [view.from, view.span];
  };
  assert.deepEqual(shown(20, 60, "from"), [20, 40]);
  assert.deepEqual(shown(20, 500, "from"), [20, 80]);
  assert.deepEqual(shown(-30, 60, "end"), [0, 60]);
});

test("a stretch to show is never too short, and none of all of it", () => {
  const view = Object.assign(new View(), { duration: 100 });
  view.show(59.5, 60, "end");
  assert.deepEqual([view.from, view.shown], [58, 2]);
  view.show(58, 30, "from");
  assert.deepEqual([view.from, view.shown], [58, 2]);
  view.show(-10, 100, "end");
  assert.deepEqual([view.from, view.span], [0, 0]);
});
