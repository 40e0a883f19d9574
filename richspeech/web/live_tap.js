// Runs in the browser's audio thread: floats → 16-bit frames. A file of its own, so that the page's
// policy need not allow scripts that are made of strings.
import { Framer } from "./framing.js";

registerProcessor(
  "tap",
  class extends AudioWorkletProcessor {
    constructor({ processorOptions }) {
      super();
      const send = (frame) => this.port.postMessage(frame, [frame.buffer]);
      this.framer = new Framer(processorOptions.samples, send);
    }

    process([[channel]]) {
      this.framer.add(channel ?? []);
      return true;
    }
  },
);
