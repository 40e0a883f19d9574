// The arithmetic of a window on a strip of seconds.
import assert from "node:assert/strict";
import { test } from "node:test";

import { shifted } from "../../richspeech/web/stretch.js";

test("a window goes as a whole, an edge by itself", () => {
  const moved = ["window", "from", "end"].map((part) => shifted(part, [10, 20], -2));
  assert.deepEqual(moved, [
    [8, 18],
    [8, 20],
    [10, 18],
  ]);
});
