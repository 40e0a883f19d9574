import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { remember, remembered } from "../../richspeech/web/remembered.js";

const refuse = () => {
  throw new DOMException("no", "SecurityError");
};

afterEach(() => delete globalThis.localStorage);

test("what was remembered is there again in another window of the same browser", () => {
  const kept = new Map();
  globalThis.localStorage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
  };
  remember("form", "srt");
  assert.equal(remembered("form"), "srt");
  assert.equal(kept.get("form"), "srt");
  assert.equal(remembered("nothing"), null);
});

test("a browser that forbids it remembers for as long as the page is open", () => {
  globalThis.localStorage = { getItem: refuse, setItem: refuse };
  remember("keys", "off");
  assert.equal(remembered("keys"), "off");
  assert.equal(remembered("other"), null);
});
