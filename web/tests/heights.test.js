import assert from "node:assert/strict";
import { test } from "node:test";
import { Heights } from "../../richspeech/web/heights.js";

test("rows that nobody has measured are as high as is usual", () => {
  const heights = new Heights([undefined, 30, undefined], 10);
  assert.deepEqual(
    [0, 1, 2, 3].map((number) => heights.top(number)),
    [0, 10, 40, 50],
  );
});

test("a place belongs to the row that lies there, and what lies outside to the first or the last", () => {
  const heights = new Heights([10, 30, 10], 1);
  const rows = [-5, 0, 9.9, 10, 39.9, 40, 49, 500].map((place) => heights.at(place));
  assert.deepEqual(rows, [0, 0, 0, 1, 1, 2, 2, 2]);
  assert.equal(new Heights([], 10).at(7), 0);
});

test("what is measured moves all rows below, and none above", () => {
  const heights = new Heights([10, 10, 10, 10], 10);
  heights.set([[1, 25]]);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((number) => heights.top(number)),
    [0, 10, 35, 45, 55],
  );
});

test("the rows that are there and the gaps around them are together as high as all rows", () => {
  const heights = new Heights([10, 20, 30, 40, 50], 1);
  assert.deepEqual(heights.gaps([1, 2, 4]), [10, 0, 40, 0]);
  assert.deepEqual(heights.gaps([2]), [30, 90]);
  assert.deepEqual(heights.gaps([]), [150]);
});
