// How loud it is while something is recorded: a bar in `place` that goes with the stream.
import { make } from "./dom.js";
import { percent } from "./figures.js";
import { loudness } from "./framing.js";

const SAMPLES = 2048;
const FULL_SCALE = 32768;

export function showLevel(stream, place, label) {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: SAMPLES });
  context.createMediaStreamSource(stream).connect(analyser);
  const bar = make("i");
  const aria = { label, valuemin: 0, valuemax: 100, valuenow: 0 };
  const meter = make("div", { className: "bar", role: "meter", aria }, bar);
  const shown = make("div", { className: "level" }, make("span", { textContent: label }), meter);
  const heard = new Float32Array(SAMPLES);
  const end = () => {
    shown.remove();
    context.close();
  };
  const draw = () => {
    if (stream.getTracks().every(({ readyState }) => readyState === "ended")) return end();
    analyser.getFloatTimeDomainData(heard);
    const level = loudness(heard.map((value) => value * FULL_SCALE));
    bar.style.width = percent(level);
    meter.setAttribute("aria-valuenow", Math.round(level * 100));
    requestAnimationFrame(draw);
  };
  place.append(shown);
  draw();
}
