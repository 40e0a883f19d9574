import assert from "node:assert/strict";
import { test } from "node:test";
import { Drafts } from "../../richspeech/web/drafts.js";
import { Sent } from "../../richspeech/web/sent.js";

const none = () => false;

function begun() {
  const kept = new Map();
  const store = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
  const drafts = new Drafts(store);
  return { drafts, sent: new Sent(drafts) };
}

test("of two steps within one round trip each is settled by its own answer", () => {
  const { drafts, sent } = begun();
  const first = sent.add("a", "3", { text: "退款" });
  const second = sent.add("a", "5", { text: "好" });
  assert.deepEqual(sent.settle("a", { [first]: true }, none), {});
  assert.deepEqual(drafts.of("a"), { 5: { text: "好" } });
  assert.deepEqual(sent.settle("a", { [first]: true, [second]: false }, none), { 5: { text: "好" } });
  assert.deepEqual(drafts.of("a"), { 5: { text: "好" } });
});

test("answers may come in any order, and the same one twice", () => {
  const { drafts, sent } = begun();
  const first = sent.add("a", "3", { text: "退款" });
  const second = sent.add("a", "5", { text: "好" });
  assert.deepEqual(sent.settle("a", { [second]: false }, none), { 5: { text: "好" } });
  assert.deepEqual(sent.settle("a", { [first]: true, [second]: false }, none), {});
  assert.deepEqual(drafts.of("a"), { 5: { text: "好" } });
});

test("the draft of a line stays while a later step of it is on its way", () => {
  const { drafts, sent } = begun();
  const first = sent.add("a", "3", { text: "退" });
  const second = sent.add("a", "3", { text: "退款" });
  assert.deepEqual(sent.of("a", "3"), { text: "退款" });
  sent.settle("a", { [first]: true }, none);
  assert.deepEqual(drafts.of("a"), { 3: { text: "退款" } });
  sent.settle("a", { [second]: true }, none);
  assert.deepEqual(drafts.of("a"), {});
  assert.equal(sent.of("a", "3"), undefined);
});

test("what is written anew meanwhile is neither dropped nor opened over", () => {
  const { drafts, sent } = begun();
  const first = sent.add("a", "3", { text: "退" });
  const second = sent.add("a", "5", { text: "好" });
  drafts.keep("a", "3", { text: "退款" });
  assert.deepEqual(
    sent.settle("a", { [first]: true, [second]: false }, () => true),
    {},
  );
  assert.deepEqual(drafts.of("a"), { 3: { text: "退款" }, 5: { text: "好" } });
});

test("another recording in the window leaves the drafts of this one", () => {
  const { drafts, sent } = begun();
  const number = sent.add("a", "3", { text: "退" });
  assert.deepEqual(sent.settle("b", { [number]: true }, none), {});
  assert.deepEqual(sent.settle("a", { [number]: true }, none), {});
  assert.deepEqual(drafts.of("a"), { 3: { text: "退" } });
});
