// Runs in the browser's audio thread: floats → 16-bit frames. A file of its own, so that the page's
// policy need not allow scripts that are made of strings.
registerProcessor("tap", class extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.samples = processorOptions.samples;
    this.fresh();
  }
  fresh() { this.frame = new Int16Array(this.samples); this.filled = 0; }
  process([[channel]]) {
    for (const sample of channel ?? []) {
      this.frame[this.filled++] = Math.round(Math.max(-1, Math.min(sample, 1)) * 32767);
      if (this.filled === this.samples) {
        this.port.postMessage(this.frame, [this.frame.buffer]);
        this.fresh();
      }
    }
    return true;
  }
});
