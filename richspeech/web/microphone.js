// The microphone as frames of 16-bit sound.
import { FRAME_SECONDS, SAMPLE_RATE } from "./framing.js";

const MICROPHONE = {
  // What a call needs would take away what tells laughter, music and moods.
  audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: true },
};

const REFUSALS = { NotAllowedError: "live_denied", NotFoundError: "live_missing" };

// Names what tells why there is no microphone.
export const refusalOf = (error) => REFUSALS[error.name] ?? "live_busy";

// Gives 16-bit frames to `take`; some browsers keep the rate of the sound card.
export class Microphone {
  async open(take) {
    this.stream = await navigator.mediaDevices.getUserMedia(MICROPHONE);
    [this.context, this.source] = this.connected();
    this.rate = this.context.sampleRate;
    await this.context.audioWorklet.addModule(new URL("./live_tap.js", import.meta.url));
    await this.context.resume();
    this.listen(take);
  }

  connected() {
    for (const options of [{ sampleRate: SAMPLE_RATE }, {}]) {
      const context = new AudioContext(options);
      try {
        return [context, context.createMediaStreamSource(this.stream)];
      } catch {
        context.close();
      }
    }
    throw new Error("no audio");
  }

  listen(take) {
    const samples = Math.round(this.rate * FRAME_SECONDS);
    const tap = new AudioWorkletNode(this.context, "tap", {
      numberOfOutputs: 0,
      processorOptions: { samples },
    });
    tap.port.onmessage = ({ data }) => take(data);
    this.source.connect(tap);
  }

  close() {
    this.stream?.getTracks().forEach((track) => track.stop());
    if (this.context && this.context.state !== "closed") this.context.close();
  }
}
