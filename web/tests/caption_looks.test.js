// How large captions are, and what a browser has kept of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { adjusted, kept } from "../../richspeech/web/caption_looks.js";

const usual = kept(null, false);

test("a browser that has kept nothing shows captions as it shows everything", () => {
  assert.equal(kept(null, true).dark, true);
  assert.equal(kept(null, false).dark, false);
});

test("what was kept is shown again", () => {
  const looks = adjusted(adjusted(adjusted(usual, "larger"), "fewer"), "dark");
  assert.deepEqual(kept(JSON.stringify(looks), false), looks);
  assert.notDeepEqual(looks, usual);
});

test("what is none of ours is as usual, and what is out of bounds is at them", () => {
  assert.deepEqual(kept("{", false), usual);
  assert.deepEqual(kept('{"size": "huge", "lines": null, "dark": 1}', false), usual);
  assert.deepEqual(kept("[]", false), usual);
  const { size, lines } = kept('{"size": 1e9, "lines": -1}', false);
  assert.ok(size < 20 && lines >= 1);
});

test("there is always a line to read, and always room for one", () => {
  let looks = usual;
  for (let press = 0; press < 100; press++) looks = adjusted(adjusted(looks, "smaller"), "fewer");
  assert.ok(looks.size >= 3 && looks.lines === 1);
  for (let press = 0; press < 100; press++) looks = adjusted(looks, "larger");
  assert.ok(looks.size * 1.4 * looks.lines < 100);
});

test("a key that is nobody's changes nothing", () => assert.deepEqual(adjusted(usual, "state"), usual));
