import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Sender } from "../../richspeech/web/fields.js";

test("changes wait for the answer to those before, and the last of them is sent", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [];
  const sender = new Sender((number) => sent.push(number));
  sender.changed();
  mock.timers.tick(1);
  sender.changed();
  sender.changed();
  mock.timers.tick(1000);
  assert.deepEqual(sent, [1]);
  assert.equal(sender.isQuiet, false);
  assert.equal(sender.answered(1), false);
  sender.now();
  assert.deepEqual(sent, [1, 3]);
  assert.equal(sender.answered(3), true);
  assert.equal(sender.isQuiet, true);
  mock.timers.reset();
});

test("an answer that never comes holds nothing up for ever", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [];
  const sender = new Sender((number) => sent.push(number));
  sender.changed();
  mock.timers.tick(1);
  sender.changed();
  mock.timers.tick(5001);
  assert.deepEqual(sent, [1, 2]);
  mock.timers.reset();
});
