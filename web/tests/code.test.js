// A QR code as a drawing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { squares } from "../../richspeech/web/code.js";

test("every dark cell is a square at its place, and a light one is nothing", () =>
  assert.equal(squares(["10", "01"]), "M0 0h1v1h-1zM1 1h1v1h-1z"));

test("what is no cell draws nothing", () => assert.equal(squares(["<x>", ""]), ""));
