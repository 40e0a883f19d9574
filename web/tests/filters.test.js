// Which rows are shown, and which word is spoken.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fold, heardLabels, matches, noFilter, wordAt } from "../../richspeech/web/filters.js";

const ANGRY = {
  text: "退款！ＡＢＣ",
  has_emotion: true,
  emotion: "angry",
  sentiment: { sentiment: "negative" },
  events: [["laughter", 0.8]],
  speaker: "A",
  language: "zh",
  disagrees: true,
};
const SILENT = { text: "", has_emotion: false, emotion: "unknown", events: [], language: null };

const fits = (segment, filter) => matches({ ...noFilter(), ...filter }, segment, fold(segment.text));

test("without a filter everything is shown", () => {
  assert.ok(fits(ANGRY, {}));
  assert.ok(fits(SILENT, {}));
});

test("words are found whatever their case and width", () => {
  assert.ok(fits(ANGRY, { text: "abc" }));
  assert.ok(!fits(ANGRY, { text: "abd" }));
});

test("filters must all hold", () => {
  assert.ok(
    fits(ANGRY, { emotion: "angry", events: "laughter", language: "zh", sentiment: "negative" }),
  );
  assert.ok(!fits(ANGRY, { emotion: "angry", events: "applause" }));
});

test("an engine that hears no emotions is not unknown", () => {
  assert.ok(!fits(SILENT, { emotion: "unknown" }));
});

test("no language can be chosen, too", () => assert.ok(fits(SILENT, { language: "none" })));

test("one speaker can be shown alone", () => {
  assert.ok(fits(ANGRY, { speaker: "A" }));
  assert.ok(!fits(ANGRY, { speaker: "B" }));
  assert.ok(!fits(SILENT, { speaker: "A" }));
});

test("what is in dispute can be shown alone", () => {
  assert.ok(fits(ANGRY, { disagreeing: true }));
  assert.ok(!fits(SILENT, { disagreeing: true }));
  assert.ok(!fits(ANGRY, { ironic: true }));
  assert.ok(fits({ ...ANGRY, agreement: { accord: "irony" } }, { ironic: true }));
});

test("there is to choose what was heard, once and in order", () => {
  assert.deepEqual(heardLabels([ANGRY, SILENT, ANGRY]), {
    speaker: ["A"],
    emotion: ["angry"],
    sentiment: ["negative"],
    events: ["laughter"],
    language: ["none", "zh"],
  });
});

test("a word lights until the next one begins, or the segment is over", () => {
  const segment = {
    end: 3,
    words: [
      ["a", 1],
      ["b", null],
      ["c", 2],
    ],
  };
  assert.equal(wordAt(segment, 0.5), -1);
  assert.equal(wordAt(segment, 1.5), 0);
  assert.equal(wordAt(segment, 1.96), 2);
  assert.equal(wordAt(segment, 3.2), 2);
  assert.equal(wordAt(segment, 3.4), -1);
});
