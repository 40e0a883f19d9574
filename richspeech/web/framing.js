// What goes over the wire while somebody talks: frames of 16-bit sound, and the first message.
export const SAMPLE_RATE = 16000;
export const FRAME_SECONDS = 0.1;
const QUIETEST_DB = -60;
// What is said before the server is ready: a minute of it is kept.
const MOST_EARLY_FRAMES = 600;

// Floats of -1 to 1 → frames of so many 16-bit samples, given to `take` as they are full.
export class Framer {
  constructor(samples, take) {
    Object.assign(this, { samples, take });
    this.fresh();
  }

  fresh() {
    this.frame = new Int16Array(this.samples);
    this.filled = 0;
  }

  add(floats) {
    for (const value of floats) {
      this.frame[this.filled++] = Math.round(Math.max(-1, Math.min(value, 1)) * 32767);
      if (this.filled < this.samples) continue;
      this.take(this.frame);
      this.fresh();
    }
  }
}

// How loud a frame is, from 0 (QUIETEST_DB below full scale) to 1.
export function loudness(frame) {
  let sum = 0;
  for (const sample of frame) sum += sample * sample;
  const decibel = 10 * Math.log10(sum / frame.length / 32768 ** 2 + 1e-12);
  return Math.max(0, Math.min(1, 1 - decibel / QUIETEST_DB));
}

export function keepEarly(frames, frame) {
  frames.push(frame);
  if (frames.length > MOST_EARLY_FRAMES) frames.shift();
}

// http://host/prefix/?x → ws://host/prefix/live
export function socketAddress(base, path = "live") {
  const address = new URL(path, base);
  address.protocol = address.protocol.replace("http", "ws");
  address.search = address.hash = "";
  return address;
}

export const beginMessage = (window, rate, language) => ({
  type: "begin",
  window,
  sample_rate: rate,
  options: { language: language === "auto" ? null : language, merge: false },
});
