// How far the points of a highlight may go, and what is shown around it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { around, fitted } from "../../richspeech/web/trim.js";

const LIMITS = { low: 10, high: 100, least: 0.5, most: 30 };

test("an edge goes as far as the next highlight, the longest and the shortest length", () => {
  assert.deepEqual(fitted("from", [5, 30], LIMITS), [10, 30]);
  assert.deepEqual(fitted("from", [20, 60], LIMITS), [30, 60]);
  assert.deepEqual(fitted("from", [70, 60], LIMITS), [59.5, 60]);
  assert.deepEqual(fitted("end", [80, 200], LIMITS), [80, 100]);
  assert.deepEqual(fitted("end", [20, 90], LIMITS), [20, 50]);
  assert.deepEqual(fitted("end", [20, -90], LIMITS), [20, 20.5]);
});

test("a highlight that is moved keeps its length", () => {
  assert.deepEqual(fitted("window", [2, 12], LIMITS), [10, 20]);
  assert.deepEqual(fitted("window", [95, 105], LIMITS), [90, 100]);
  assert.deepEqual(fitted("window", [40, 50], LIMITS), [40, 50]);
});

test("the strip shows what is around, and stays while there is room", () => {
  assert.deepEqual(around([20, 24], 100), [15, 29]);
  assert.deepEqual(around([20, 60], 70), [0, 70]);
  assert.deepEqual(around([17, 24], 100, [15, 29]), [15, 29]);
  assert.deepEqual(around([15.5, 24], 100, [15, 29]), [10.5, 29]);
  assert.deepEqual(around([0, 4], 4, [0, 4]), [0, 4]);
});
