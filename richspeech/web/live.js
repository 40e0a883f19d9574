// The tab where text appears while somebody talks: microphone → WebSocket → lines. What is heard
// goes in as textContent. The page loads this when somebody opens the tab.
import { drawCode } from "./code.js";
import { make } from "./dom.js";
import { Feed } from "./feed.js";
import { clock, filled, percent } from "./figures.js";
import {
  FRAME_SECONDS,
  SAMPLE_RATE,
  beginMessage,
  keepEarly,
  loudness,
  socketAddress,
} from "./framing.js";
import { Microphone, refusalOf } from "./microphone.js";
import { ScreenLink } from "./screen_link.js";

// Moods that captions leave out: nearly all is said so.
const PLAIN = ["neutral", "unknown"];
const CAPTIONS = "popup,width=1280,height=720";

// The tab ------------------------------------------------------------------------------------------

class Live {
  // `on` is what gradio is told: talked() once somebody has, again() to hear the recording anew. `page` has
  // labels, locale() and windowKey().
  constructor(element, words, on, page) {
    Object.assign(this, { element, on, page, labels: page.labels, feed: new Feed(page.windowKey()) });
    Object.assign(this, { state: "idle", language: "auto", finals: [], seconds: 0 });
    this.screen = new ScreenLink(this.feed, () => this.drawScreen());
    this.translate(words);
  }

  translate({ recording: made, ...words }) {
    Object.assign(this, { words, made });
    this.build();
  }

  get busy() {
    return ["opening", "loading", "waiting", "listening", "ending"].includes(this.state);
  }

  // Drawing

  build() {
    const { words } = this;
    const choices = words.languages.map(([value, text]) => make("option", { value, textContent: text }));
    this.select = make("select", { id: "live-language" }, ...choices);
    this.select.value = this.language;
    if (this.select.selectedIndex < 0) this.select.value = this.language = choices[0].value;
    this.select.addEventListener("change", () => (this.language = this.select.value));
    this.button = make("button", { type: "button", id: "live-start" });
    this.button.addEventListener("click", () => this.press());
    this.phone = make("button", { type: "button", id: "live-phone", className: "quiet" });
    Object.assign(this.phone, { textContent: words.live_phone, title: words.live_phone_hint });
    this.phone.addEventListener("click", () => this.startPhone());
    this.way = make("div", { id: "live-way", className: "live-way" });
    this.elsewhere = make("button", { type: "button", id: "live-screen", className: "quiet" });
    Object.assign(this.elsewhere, { textContent: words.screen, title: words.screen_hint });
    this.elsewhere.addEventListener("click", () => this.screen.open());
    this.screenWay = make("div", { id: "live-screen-way", className: "live-way" });
    this.status = make("p", { id: "live-status", role: "status" });
    this.bar = make("i");
    this.meter = make(
      "div",
      {
        id: "live-level",
        className: "bar",
        role: "meter",
        aria: { label: words.live_level, valuemin: 0, valuemax: 100, valuenow: 0 },
      },
      this.bar,
    );
    this.elapsed = make("dd", { id: "live-elapsed", textContent: clock(this.seconds) });
    this.latency = make("dd", { id: "live-latency", textContent: "–" });
    this.list = make("ol", { id: "live-lines", className: "lines" });
    this.interim = make("div", { id: "live-interim" });
    this.empty = make(
      "div",
      { className: "empty" },
      make("p", { className: "empty-head", textContent: words.live_empty }),
      make("p", { textContent: words.live_empty_hint }),
    );
    this.recording = this.made ? this.recorded(this.made) : null;
    this.element.replaceChildren(this.controls(), this.text());
    this.finals.forEach((segment) => this.list.append(this.line(segment)));
    this.drawScreen();
    this.draw();
  }

  controls() {
    const { words } = this;
    const fact = (name, value, title = "") =>
      make("div", { title }, make("dt", { textContent: name }), value);
    return make(
      "div",
      { className: "card" },
      make("h2", { textContent: words.live }),
      make("label", { className: "field" }, words.live_language, this.select),
      this.button,
      this.phone,
      this.way,
      make("div", { className: "level" }, make("span", { textContent: words.live_level }), this.meter),
      make(
        "dl",
        { className: "numbers" },
        fact(words.live_elapsed, this.elapsed),
        fact(words.live_latency, this.latency, words.live_latency_hint),
      ),
      this.status,
      this.recording,
    );
  }

  // What was recorded last, to hear, to keep, and to have transcribed as any other file.
  recorded({ name, address, seconds }) {
    const { words } = this;
    const length = seconds == null ? "" : ` · ${clock(seconds)}`;
    const again = make("button", { type: "button", className: "quiet", textContent: words.live_again });
    again.addEventListener("click", () => this.on.again());
    return make(
      "section",
      { id: "live-recording", className: "player", aria: { label: words.live_recording } },
      make("h3", { textContent: words.live_recording }),
      make("p", { className: "player-name", title: name, textContent: `${name}${length}` }),
      make("audio", {
        controls: true,
        preload: "metadata",
        src: address,
        aria: { label: words.live_recording },
      }),
      make(
        "p",
        { className: "doings" },
        make("a", {
          href: address,
          download: name,
          className: "quiet",
          textContent: words.live_download,
        }),
        again,
      ),
      make("p", { className: "hint", textContent: words.live_again_hint }),
    );
  }

  text() {
    return make(
      "div",
      { className: "card" },
      make(
        "div",
        { className: "head" },
        make("h2", { textContent: this.words.live_text }),
        make("p", { className: "doings" }, this.large(), this.elsewhere),
      ),
      this.screenWay,
      this.empty,
      make("div", { role: "log" }, this.list),
      this.interim,
    );
  }

  drawScreen() {
    this.elsewhere.hidden = this.screen.state !== "closed";
    this.screenWay.replaceChildren(...this.screen.draw(this.words));
  }

  // A window of its own, or a tab where the browser allows none.
  large() {
    const { words } = this;
    const [href, target] = [`captions#${this.feed.name}`, `richspeech-captions-${this.feed.name}`];
    const link = make("a", { id: "live-captions", className: "quiet", rel: "opener", href, target });
    Object.assign(link, { textContent: words.captions, title: words.captions_hint });
    link.addEventListener("click", (event) => {
      if (window.open(link.href, target, CAPTIONS)) event.preventDefault();
    });
    return link;
  }

  tell() {
    const lines = this.finals.filter(isHeard).map((segment) => this.caption(segment));
    this.feed.tell(this.state, lines, this.open && this.caption(this.open));
  }

  caption({ text, language, emotion, events }) {
    const signs = [...(PLAIN.includes(emotion) ? [] : [["emotions", emotion]])];
    signs.push(...events.map((name) => ["events", name]));
    const sign = ([kind, name]) => ({
      symbol: this.labels.pictures[name],
      word: this.label(kind, name),
    });
    return { text, lang: language ?? "", signs: signs.map(sign) };
  }

  draw() {
    const { words, state } = this;
    const message = this.message ?? words.live_cannot;
    const stops = ["listening", "loading", "waiting"].includes(state);
    this.button.textContent = stops ? words.live_stop : words.live_start;
    this.phone.hidden = Boolean(words.live_cannot) || this.busy;
    this.drawWay();
    this.button.classList.toggle("stops", stops);
    this.button.disabled = Boolean(words.live_cannot) || (this.busy && !stops);
    this.select.disabled = Boolean(words.live_cannot) || this.busy;
    this.element.dataset.state = state;
    this.status.textContent = message || words[`live_${state}`];
    this.status.className = message ? "error" : state;
    this.empty.hidden = this.finals.length > 0 || Boolean(this.open);
    this.interim.hidden = !this.open;
    this.interim.replaceChildren(...(this.open ? this.wordsSoFar(this.open) : []));
    if (this.recording) this.recording.hidden = this.busy;
    this.list.scrollTop = this.list.scrollHeight;
    this.tell();
  }

  // How a phone finds its way here: once, by a code or as text.
  drawWay() {
    const { words, link, way } = this;
    way.hidden = this.state !== "waiting";
    if (way.hidden || way.firstChild) return way.hidden && way.replaceChildren();
    const time = clock(link.seconds);
    way.append(
      drawCode(link.code, words.live_code),
      make("p", { textContent: filled(words.live_link, { time }) }),
      make("p", { className: "address" }, make("code", { textContent: link.address, tabIndex: 0 })),
    );
  }

  line(segment) {
    const text = make("p", { textContent: segment.text, lang: segment.language ?? "", dir: "auto" });
    const chips = make(
      "p",
      { className: "chips" },
      this.chip("emotion", segment.emotion, segment.emotion_probabilities[segment.emotion]),
      ...segment.events.map((name) => this.chip("event", name, segment.event_probabilities[name])),
      segment.language
        ? make("span", { className: "tongue", textContent: this.label("languages", segment.language) })
        : null,
    );
    const time = make("span", { className: "time", textContent: clock(segment.start) });
    return make("li", {}, time, make("div", { className: "line" }, text, chips));
  }

  wordsSoFar({ start, text, language }) {
    return [
      make("span", { className: "time", textContent: clock(start) }),
      make("p", { textContent: text || "…", lang: language ?? "", dir: "auto" }),
    ];
  }

  chip(kind, name, probability) {
    const number =
      probability == null ? null : make("small", { textContent: ` ${percent(probability)}` });
    const className = kind === "emotion" ? `chip emotion ${name}` : "chip event";
    return make("span", { className }, this.label(`${kind}s`, name), number);
  }

  label(kind, name) {
    return this.labels[kind][name]?.[this.page.locale()] ?? name;
  }

  // From start to stop

  press() {
    if (this.state === "listening") this.stop();
    else if (this.state === "loading" || this.state === "waiting") this.fail();
    else if (!this.busy) this.start();
  }

  become(state, message) {
    Object.assign(this, { state, message });
    this.draw();
  }

  fail(message) {
    this.close();
    this.become("idle", message);
  }

  fresh() {
    Object.assign(this, { finals: [], early: [], open: null, link: null, seconds: 0, wasReady: false });
    this.list.replaceChildren();
  }

  async start() {
    this.fresh();
    if (!navigator.mediaDevices) return this.fail(this.words.live_insecure);
    this.become("opening");
    if (matchMedia("(max-width: 760px)").matches) this.element.scrollIntoView({ behavior: "smooth" });
    this.microphone = new Microphone();
    try {
      await this.microphone.open((frame) => this.hear(frame));
    } catch (error) {
      return this.fail(this.words[refusalOf(error)]);
    }
    this.connect(beginMessage(this.page.windowKey(), this.microphone.rate, this.language));
  }

  // The server says where a phone cannot come.
  startPhone() {
    this.fresh();
    this.become("opening");
    const begin = beginMessage(this.page.windowKey(), SAMPLE_RATE, this.language);
    this.connect({ ...begin, phone_page: new URL(".", document.baseURI).href });
  }

  connect(begin) {
    const socket = (this.socket = new WebSocket(socketAddress(document.baseURI)));
    socket.onopen = () => this.send(begin);
    socket.onmessage = ({ data }) => this.take(JSON.parse(data));
    socket.onclose = () => {
      if (socket !== this.socket) return;
      const { words } = this;
      if (this.failure) this.fail(this.failure);
      else this.fail(this.wasReady ? words.live_lost : words.live_refused);
    };
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }

  take({ type, segment, latency_seconds, message, ...link }) {
    if (type === "loading") this.become("loading");
    if (type === "link") {
      this.link = link;
      this.become("waiting");
    }
    if (segment && !this.microphone) this.showElapsed(segment.end);
    if (type === "ready") this.listen();
    if (type === "interim") this.open = segment;
    if (type === "final") {
      this.open = null;
      this.finals.push(segment);
      if (isHeard(segment)) this.list.append(this.line(segment));
    }
    if (latency_seconds != null) this.showLatency(latency_seconds);
    if (type === "error") this.failure = message;
    if (type === "finished") this.finish();
    else this.draw();
  }

  // What is said before the server is ready waits for it.
  listen() {
    this.wasReady = true;
    this.become("listening");
    this.early.splice(0).forEach((frame) => this.socket.send(frame.buffer));
  }

  hear(frame) {
    this.showLevel(loudness(frame));
    if (this.state !== "listening") {
      keepEarly(this.early, frame);
    } else if (this.socket.readyState === WebSocket.OPEN) this.socket.send(frame.buffer);
    this.showElapsed(this.seconds + FRAME_SECONDS);
  }

  showElapsed(seconds) {
    this.seconds = seconds;
    this.elapsed.textContent = clock(seconds);
  }

  showLatency(seconds) {
    this.latency.textContent = filled(this.words.live_seconds, { value: seconds.toFixed(2) });
  }

  showLevel(level) {
    this.bar.style.width = percent(level);
    this.meter.setAttribute("aria-valuenow", Math.round(level * 100));
  }

  stop() {
    this.become("ending");
    this.microphone?.close();
    this.send({ type: "stop" });
  }

  finish() {
    const { failure } = this;
    this.close();
    this.open = null;
    if (failure) this.become("idle", failure);
    else this.become("done");
    this.on.talked();
  }

  close() {
    const { socket, microphone } = this;
    this.socket = this.microphone = this.failure = null;
    microphone?.close();
    socket?.close();
    this.showLevel(0);
  }
}

const isHeard = ({ text, events }) => Boolean(text) || events.length > 0;

// What gradio calls: draws the tab, and says what was done there.
export function live(element, props, watch, on, page) {
  const tab = new Live(element.querySelector(".live"), props.value, on, page);
  watch("value", () => tab.translate(props.value));
}
