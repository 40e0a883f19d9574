import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

// redraw.js listens to the page as soon as it is there.
globalThis.addEventListener ??= () => {};
const { stepOf } = await import("../../richspeech/web/beside.js");
const { remember } = await import("../../richspeech/web/remembered.js");

const pressed = (key, more = {}) => ({ key, target: { closest: () => null }, ...more });

beforeEach(() => remember("richspeech.shortcuts", "on"));
afterEach(() => remember("richspeech.shortcuts", "on"));

test("n leads to the next recording and p to the one before", () => {
  assert.equal(stepOf(pressed("n")), "next");
  assert.equal(stepOf(pressed("p")), "previous");
  assert.equal(stepOf(pressed("x")), null);
});

test("a key that is held down, pressed with others, or written into a field leads nowhere", () => {
  for (const held of ["ctrlKey", "metaKey", "altKey", "shiftKey", "repeat", "defaultPrevented"])
    assert.equal(stepOf(pressed("n", { [held]: true })), null);
  assert.equal(stepOf(pressed("n", { target: { closest: () => "a field" } })), null);
});

test("whoever switches the keys off is led nowhere by them until they are on again", () => {
  remember("richspeech.shortcuts", "off");
  assert.equal(stepOf(pressed("n")), null);
  remember("richspeech.shortcuts", "on");
  assert.equal(stepOf(pressed("n")), "next");
});
