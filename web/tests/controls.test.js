import assert from "node:assert/strict";
import { test } from "node:test";
import { freshRule, inLarger, shownValue, stating } from "../../richspeech/web/controls.js";

const WORDS = { hours: "h", minutes: "min", empty: "empty", yes: "yes", no: "no" };
const number = { kind: "number", choices: [], unit: "days" };

test("long times and many bytes are said in larger units, too", () => {
  assert.equal(inLarger(3600, "seconds", WORDS), "= 1 h");
  assert.equal(inLarger(90, "seconds", WORDS), "= 1.5 min");
  assert.equal(inLarger(2 * 1024 ** 3, "bytes", WORDS), "= 2 GiB");
  for (const [value, unit] of [
    [30, "seconds"],
    [null, "bytes"],
    [400, "days"],
  ])
    assert.equal(inLarger(value, unit, WORDS), "");
});

test("a value is shown as people read it", () => {
  const roles = {
    kind: "choices",
    choices: [
      ["admin", "admins"],
      ["viewer", "viewers"],
    ],
  };
  assert.equal(shownValue(30, number, WORDS), "30 days");
  assert.equal(shownValue(null, number, WORDS), "empty");
  assert.equal(shownValue(false, { kind: "mark", choices: [] }, WORDS), "no");
  assert.equal(shownValue(["viewer", "admin"], roles, WORDS), "viewers · admins");
});

test("what is as usual need not be stated, what is needed is", () => {
  const bridge = { name: "bridge_seconds", is_needed: false, default: 3 };
  assert.deepEqual(stating({ points: 5, bridge_seconds: 9 }, bridge, 3), { points: 5 });
  assert.deepEqual(stating({ points: 5 }, bridge, 9), { points: 5, bridge_seconds: 9 });
  const points = { name: "points", is_needed: true, default: null };
  assert.deepEqual(stating({ points: 5 }, points, null), { points: null });
});

test("a fresh rule states what is needed, and its kind", () => {
  const fields = [
    { name: "points", is_needed: true, first: 1 },
    { name: "whose", is_needed: false, first: "anyone" },
  ];
  assert.deepEqual(freshRule({ kind: "run", fields }).values, { points: 1, kind: "run" });
  assert.deepEqual(freshRule({ kind: "", fields }).values, { points: 1 });
});
