import assert from "node:assert/strict";
import { test } from "node:test";
import { linked, linkTo } from "../../richspeech/web/linked.js";

const PAGE = "https://speech.example/";
const SHARED = "https://speech.example/share/abc";

test("a link to an entry leads to its number and second", () => {
  const { hash } = new URL(linkTo(83.5004, 12, "", PAGE));
  assert.deepEqual(linked(hash), { transcript: 12, seconds: 83.5 });
});

test("a link that was shared leads to its second and names no entry", () => {
  const link = linkTo(0, 12, SHARED, PAGE);
  assert.equal(link, `${SHARED}#t=0`);
  assert.deepEqual(linked(new URL(link).hash), { transcript: null, seconds: 0 });
});

test("what is no number leads nowhere", () => {
  for (const hash of ["", "#", "#transcript=x&t=NaN", "#transcript=-1&t=-5", "#transcript=0&t=1e9"])
    assert.deepEqual(linked(hash), { transcript: null, seconds: null });
  assert.deepEqual(linked("#transcript=3"), { transcript: 3, seconds: null });
});
