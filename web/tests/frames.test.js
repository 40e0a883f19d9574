import assert from "node:assert/strict";
import { test } from "node:test";
import { calmTrackers } from "../../richspeech/web/frames.js";

function browser() {
  const told = [];
  return {
    told,
    requestAnimationFrame: (draw) => told.push(["frame", draw]),
    setTimeout: (act, milliseconds) => {
      told.push(["wait", milliseconds]);
      act();
    },
  };
}

test("the trackers of progress wait between frames, and nobody else does", () => {
  const scope = browser();
  let stack = "at draw (http://host/web/1/page.js:1:2)";
  calmTrackers(scope, () => stack);
  scope.requestAnimationFrame("timeline");
  assert.deepEqual(scope.told, [["frame", "timeline"]]);

  stack = "at http://host/assets/statustracker-DQF-KcRT.js:1:4987";
  const taken = scope.requestAnimationFrame;
  stack = "";
  taken("seconds");
  assert.deepEqual(scope.told.slice(1), [
    ["wait", 1000],
    ["frame", "seconds"],
  ]);
});

test("once their script has been read nobody is asked who they are", () => {
  const scope = browser();
  calmTrackers(scope, () => "at http://host/assets/statustracker-1.js:1:1");
  const taken = scope.requestAnimationFrame;
  scope.requestAnimationFrame("timeline");
  assert.deepEqual(scope.told, [["frame", "timeline"]]);
  assert.notEqual(taken, scope.requestAnimationFrame);
});
