import assert from "node:assert/strict";
import { test } from "node:test";
import { moved, wordsIn } from "../../richspeech/web/fields.js";
import { nameOfCopy, newRule, sentRule } from "../../richspeech/web/rule_form.js";

test("words are parted by whatever people part them with, and each counts once", () => {
  assert.deepEqual(wordsIn("投诉，退款、 退款;\nmoney back ,"), ["投诉", "退款", "money back"]);
  assert.deepEqual(wordsIn(" ， "), []);
});

test("a rule changes its place, and stays where there is none further on", () => {
  assert.deepEqual(moved(["a", "b", "c"], 0, 1), ["b", "a", "c"]);
  assert.deepEqual(moved(["a", "b", "c"], 2, -1), ["a", "c", "b"]);
  for (const [at, by] of [
    [0, -1],
    [2, 1],
  ])
    assert.deepEqual(moved(["a", "b", "c"], at, by), ["a", "b", "c"]);
});

test("a copy has a name that no other rule has", () => {
  assert.equal(nameOfCopy("calm", ["calm"]), "calm-2");
  assert.equal(nameOfCopy("calm-2", ["calm", "calm-2", "calm-3"]), "calm-4");
});

test("the server gets what a rule says and where it came from, and not what is wrong with it", () => {
  const sent = sentRule({ ...newRule(), name: "calm", problem: "Add a condition." });
  assert.deepEqual(Object.keys(sent), ["name", "when", "effects", "source", "locked"]);
});
