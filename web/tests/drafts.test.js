import assert from "node:assert/strict";
import { test } from "node:test";
import { Drafts, Telling } from "../../richspeech/web/drafts.js";

function window() {
  const kept = new Map();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
}

test("what is written in one segment is there again, and of no other recording", () => {
  const store = window();
  new Drafts(store).keep("a", 3, { text: "退款" });
  new Drafts(store).keep("a", 5, { text: "好" });
  assert.deepEqual(new Drafts(store).of("a"), { 3: { text: "退款" }, 5: { text: "好" } });
  assert.deepEqual(new Drafts(store).of("b"), {});
});

test("nothing stays of what was saved or discarded", () => {
  const store = window();
  const drafts = new Drafts(store);
  drafts.keep("a", 3, { text: "退款" });
  drafts.keep("a", 5, { text: "好" });
  drafts.drop("a", 3);
  assert.deepEqual(drafts.of("a"), { 5: { text: "好" } });
  drafts.drop("a", 5);
  drafts.drop("a", 5);
  assert.equal(store.kept.size, 0);
});

test("a window without room, or with damaged drafts, stops nobody from writing", () => {
  const full = {
    ...window(),
    setItem() {
      throw new DOMException("no room", "QuotaExceededError");
    },
  };
  new Drafts(full).keep("a", "3.1", { text: "退款" });
  for (const damaged of ["{", "3", "null", "[1]", '"x"']) {
    const store = window();
    store.setItem("richspeech.draft.a", damaged);
    const drafts = new Drafts(store);
    assert.deepEqual(drafts.of("a"), {});
    drafts.keep("a", "3.1", { text: "退款" });
    assert.deepEqual(drafts.of("a"), { 3.1: { text: "退款" } });
  }
});

test("what nobody has foreseen is told", () => {
  const closed = {
    ...window(),
    setItem() {
      throw new DOMException("no", "SecurityError");
    },
  };
  assert.throws(() => new Drafts(closed).keep("a", 1, {}), { name: "SecurityError" });
});

function clock() {
  const due = new Map();
  return {
    setTimeout: (run) => due.set(due.size, run) && due.size - 1,
    clearTimeout: (id) => due.delete(id),
    pass: () => due.forEach((run, id) => due.delete(id) && run()),
  };
}

test("the server is told of a line once nobody types there, and of its end if it knew of it", () => {
  const [sent, time] = [[], clock()];
  const telling = new Telling((draft) => sent.push(draft), time);
  telling.tell("3", { index: 3, text: "退" });
  telling.tell("3", { index: 3, text: "退款" });
  telling.tell("5", { index: 5, text: "好" });
  telling.drop("5", { index: 5 });
  assert.deepEqual(sent, []);
  time.pass();
  assert.deepEqual(sent, [{ index: 3, text: "退款" }]);
  telling.drop("3", { index: 3 });
  telling.drop("3", { index: 3 });
  assert.deepEqual(sent, [{ index: 3, text: "退款" }, { index: 3 }]);
});
