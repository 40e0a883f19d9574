import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { isHeeded, switchKeys } from "../../richspeech/web/keys.js";

afterEach(() => switchKeys(true));

test("the switch takes every key of one character, and no other", () => {
  switchKeys(false);
  for (const key of ["n", "+", "-", "0", "f", " ", "é"]) assert.equal(isHeeded(key), false);
  for (const key of ["ArrowLeft", "Escape"]) assert.equal(isHeeded(key), true);
  switchKeys(true);
  for (const key of ["n", "+", " ", "ArrowLeft"]) assert.equal(isHeeded(key), true);
});
