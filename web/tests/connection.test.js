// When a lost server is told of, and when the page loads anew.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection } from "../../richspeech/web/connection.js";

const story = (...answers) => {
  const connection = new Connection();
  return answers.map((answer) => connection.heard(answer).act);
};

test("one missed answer says nothing", () =>
  assert.deepEqual(story(true, false, true), ["wait", "wait", "wait"]));

test("two in a row are told, and the page loads anew once the server is back", () => {
  assert.deepEqual(story(false, false, false, true), ["wait", "notice", "notice", "reload"]);
});

test("a server that is away is asked more often", () => {
  const connection = new Connection();
  const usual = connection.heard(true).again;
  assert.ok(connection.heard(false).again < usual);
  assert.equal(connection.heard(true).again, usual);
});
