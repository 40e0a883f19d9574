import assert from "node:assert/strict";
import { test } from "node:test";
import { caretOf, timeWithin } from "../../richspeech/web/steps.js";

test("a caret counts characters, not the halves of one", () => {
  assert.equal(caretOf("好𠮷了", 3), 2);
  assert.equal(caretOf("ok", 1), 1);
});

test("the time of the player counts only within the line", () => {
  const line = { start: 1, end: 3 };
  assert.equal(timeWithin(line, 2), 2);
  for (const time of [1, 3, 9, undefined]) assert.equal(timeWithin(line, time), undefined);
});
