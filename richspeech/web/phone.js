// The page of a phone: microphone → the live session whose link stands behind the # of its address.
import { clock, percent } from "./figures.js";
import { FRAME_SECONDS, keepEarly, loudness, socketAddress } from "./framing.js";
import { Microphone, refusalOf } from "./microphone.js";

const root = document.documentElement;
const [start, stop, level, elapsed, refused] = ["start", "stop", "level", "clock", "refused"].map((id) =>
  document.getElementById(id),
);
const link = location.hash.slice(1);
const BEFORE = ["ready", "live_denied", "live_missing", "live_busy"];

class Phone {
  early = [];
  seconds = 0;

  become(state) {
    this.state = root.dataset.state = state;
    start.hidden = !BEFORE.includes(state);
    stop.hidden = state !== "talking";
  }

  async begin() {
    if (!navigator.mediaDevices) return this.become("live_insecure");
    this.become("opening");
    this.microphone = new Microphone();
    try {
      await this.microphone.open((frame) => this.hear(frame));
    } catch (error) {
      this.microphone.close();
      return this.become(refusalOf(error));
    }
    this.connect();
  }

  connect() {
    const socket = (this.socket = new WebSocket(socketAddress(document.baseURI, "phone/sound")));
    socket.onopen = () => this.send({ type: "begin", link, sample_rate: this.microphone.rate });
    socket.onmessage = ({ data }) => this.take(JSON.parse(data));
    socket.onclose = () => this.end("lost");
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }

  take({ type, message }) {
    if (type === "ready") this.talk();
    if (type === "finished") this.end("done");
    if (type !== "error") return;
    refused.textContent = message;
    this.end("refused");
  }

  // A link works once: nobody needs it in the history of the browser.
  talk() {
    history.replaceState(null, "", location.pathname);
    this.become("talking");
    this.stayOn();
    this.early.splice(0).forEach((frame) => this.socket.send(frame.buffer));
  }

  hear(frame) {
    level.style.width = percent(loudness(frame));
    if (this.state !== "talking") {
      keepEarly(this.early, frame);
    } else if (this.socket.readyState === WebSocket.OPEN) this.socket.send(frame.buffer);
    this.seconds += FRAME_SECONDS;
    elapsed.textContent = clock(this.seconds);
  }

  // A phone that sleeps hears nothing.
  stayOn() {
    if (this.state === "talking" && !document.hidden)
      navigator.wakeLock?.request("screen").catch(() => {});
  }

  stop() {
    this.become("ending");
    this.microphone.close();
    this.send({ type: "stop" });
  }

  end(state) {
    this.socket.onclose = null;
    this.socket.close();
    this.microphone.close();
    level.style.width = 0;
    this.become(state);
  }
}

const phone = new Phone();
start.addEventListener("click", () => phone.begin());
stop.addEventListener("click", () => phone.stop());
document.addEventListener("visibilitychange", () => phone.stayOn());
phone.become(link ? "ready" : "unlinked");
