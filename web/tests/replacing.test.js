import assert from "node:assert/strict";
import { test } from "node:test";
import { occurrences } from "../../richspeech/web/replacing.js";

const lines = (...texts) => texts.map((text) => ({ text }));

test("places and lines are counted as they are written", () => {
  const segments = lines("退款退款。", "Refund", "要退款", "");
  assert.deepEqual(occurrences(segments, "退款"), { count: 3, total: 2 });
  assert.deepEqual(occurrences(segments, "refund"), { count: 0, total: 0 });
});

test("a sign that means something in patterns is a sign", () => {
  assert.deepEqual(occurrences(lines("$& (a+b)? a+b", "aab"), "a+b"), { count: 2, total: 1 });
});

test("nothing, and blanks alone, stand nowhere", () => {
  for (const found of ["", " ", "\t"])
    assert.deepEqual(occurrences(lines("a b"), found), { count: 0, total: 0 });
});
