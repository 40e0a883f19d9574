// The numbers behind the curve of emotions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { columns, nearest, rankedAt, runsOf, strongestAt } from "../../richspeech/web/curve.js";

test("the nearest point is found on both sides of the middle", () => {
  const times = [0.5, 1.5, 4];
  assert.deepEqual(
    [-1, 0.9, 1.1, 2.7, 2.8, 99].map((seconds) => nearest(times, seconds)),
    [0, 0, 1, 1, 2, 2],
  );
});

test("emotions are ranked at each point for itself", () => {
  const scores = { sad: [100, 700], happy: [900, 300] };
  assert.deepEqual(rankedAt(scores, 0), ["happy", "sad"]);
  assert.deepEqual(rankedAt(scores, 1), ["sad", "happy"]);
});

test("neighbours that are equal are one run", () => {
  assert.deepEqual(runsOf(["a", "a", "b", "a"]), [
    [0, 2, "a"],
    [2, 3, "b"],
    [3, 4, "a"],
  ]);
  assert.deepEqual(runsOf([]), []);
});

test("the strongest emotion is the first of the ranked ones", () => {
  const scores = { sad: [100, 700, 500], happy: [900, 300, 500] };
  for (const n of [0, 1, 2]) assert.equal(strongestAt(scores, n), rankedAt(scores, n)[0]);
});

test("a column covers its points and reaches to the one before", () => {
  assert.deepEqual(columns([5, 9, 1, 3], [0.2, 0.7, 1.1, 1.6]), [
    [0, 5, 9],
    [1, 1, 9],
  ]);
  assert.deepEqual(columns([], []), []);
});

test("three hours of points are no more columns than there are pixels", () => {
  const count = 21_600;
  const row = Array.from({ length: count }, (_, n) => (n === 12_345 ? 1000 : n % 7));
  const found = columns(
    row,
    row.map((_, n) => (n * 1000) / count),
  );
  assert.equal(found.length, 1000);
  assert.equal(Math.max(...found.map(([, , high]) => high)), 1000);
});
