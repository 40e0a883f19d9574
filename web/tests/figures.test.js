// Times, marks of an axis, and searching sorted lists.
import assert from "node:assert/strict";
import { test } from "node:test";
import { above, axisStep, clock, filled, percent, rgb, STEPS } from "../../richspeech/web/figures.js";

test("a time has hours only where there are some", () => {
  assert.equal(clock(0), "0:00");
  assert.equal(clock(187.9), "3:07");
  assert.equal(clock(3725.4), "1:02:05");
});

test("a time with a digit counts begun tenths as not yet there", () => {
  assert.equal(clock(59.99, 1), "0:59.9");
  assert.equal(clock(0.3, 1), "0:00.3");
});

test("a time before the start is the start", () => assert.equal(clock(-1), "0:00"));

test("what was not measured has no percentage", () => {
  assert.equal(percent(0.876), "88%");
  assert.equal(percent(0), "0%");
  assert.equal(percent(null), "");
  assert.equal(percent(undefined), "");
});

test("a value is text, whatever signs are in it", () => {
  assert.equal(filled("{who}, {what}, {other}", { who: "$&$1", what: "{who}" }), "$&$1, {who}, {other}");
});

test("a colour has three channels", () => assert.deepEqual(rgb("#0b7aff"), [11, 122, 255]));

test("marks of an axis never stand closer than asked for", () => {
  for (const scale of [0.02, 0.5, 1, 30, 400]) {
    const step = axisStep(scale, 64);
    assert.ok(step * scale >= 64 || step === STEPS.at(-1));
  }
  assert.equal(axisStep(1000, 60, 1), 1);
});

test("the first above a value is found among equals", () => {
  const list = [1, 2, 2, 3];
  const key = (value) => value;
  assert.equal(above(list, 0, key), 0);
  assert.equal(above(list, 2, key), 3);
  assert.equal(above(list, 3, key), 4);
  assert.equal(above([], 3, key), 0);
});
