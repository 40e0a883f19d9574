// Sound from the microphone as frames, how loud it is, and the first message.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  beginMessage,
  Framer,
  keepEarly,
  loudness,
  socketAddress,
} from "../../richspeech/web/framing.js";

test("floats become frames of 16 bits, however they are cut", () => {
  const frames = [];
  const framer = new Framer(3, (frame) => frames.push([...frame]));
  framer.add([0, 1]);
  framer.add([]);
  framer.add([-1, 2, -2, 0.5, 0.25]);
  assert.deepEqual(frames, [
    [0, 32767, -32767],
    [32767, -32767, 16384],
  ]);
  assert.equal(framer.filled, 1);
});

test("a frame that was handed on is never written to again", () => {
  const frames = [];
  const framer = new Framer(1, (frame) => frames.push(frame));
  framer.add([1, 0]);
  assert.deepEqual(
    frames.map(([sample]) => sample),
    [32767, 0],
  );
});

test("silence has no loudness, full scale has all of it", () => {
  assert.equal(loudness(new Int16Array(160)), 0);
  assert.ok(loudness(new Int16Array(160).fill(32767)) > 0.999);
  assert.ok(Math.abs(loudness(new Int16Array(160).fill(1036)) - 0.5) < 0.01);
});

test("of what is said before the server is ready the last minute is kept", () => {
  const frames = [];
  for (let n = 0; n < 601; n++) keepEarly(frames, n);
  assert.deepEqual([frames.length, frames[0], frames.at(-1)], [600, 1, 600]);
});

test("the socket lies beside the page, whatever stands before it", () => {
  assert.equal(String(socketAddress("https://host/prefix/?a=b#c")), "wss://host/prefix/live");
  assert.equal(String(socketAddress("http://127.0.0.1:6006/")), "ws://127.0.0.1:6006/live");
  assert.equal(
    String(socketAddress("https://host/x/phone#a", "phone/sound")),
    "wss://host/x/phone/sound",
  );
});

test("a language that is detected is not named", () => {
  assert.equal(beginMessage("w", 48000, "auto").options.language, null);
  assert.deepEqual(beginMessage("w", 16000, "yue"), {
    type: "begin",
    window: "w",
    sample_rate: 16000,
    options: { language: "yue", merge: false },
  });
});
