// The numbers behind the curve of emotions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest, rankedAt, runsOf } from "../../richspeech/web/curve.js";

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
