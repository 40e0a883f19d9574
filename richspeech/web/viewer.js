// Puts the timeline and the transcript together, and in step with the player.
import { labels, unsureBelow, words } from "./data.js";
import { isHeeded, KeySwitch } from "./keys.js";
import { linked, linkTo } from "./linked.js";
import { locale } from "./locale.js";
import { followPlayer } from "./player.js";
import { Presence } from "./presence.js";
import { Timeline } from "./timeline.js";
import { Transcript } from "./transcript.js";

// The player of what is shown.
export const audio = () => document.querySelector("#player :is(audio, video)");
const spoken = () => ({ ...words[locale()], locale: locale() });
let viewer = null;
let subtitles = null;

function seek(seconds, plays) {
  const player = audio();
  if (!player) return;
  player.currentTime = seconds;
  if (plays) player.play().catch(() => {});
  viewer?.tick();
}

function toggle() {
  const player = audio();
  if (player?.paused) player.play().catch(() => {});
  else player?.pause();
}

// The link that was made last for what is shown.
const shared = () => document.querySelector("#share-link :is(input, textarea)")?.value;

// A link into this page is followed as one from elsewhere.
addEventListener("hashchange", () => linked(location.hash).transcript && location.reload());

class Viewer {
  constructor(element, events) {
    this.element = element;
    element.innerHTML = '<div class="timeline"></div><section id="transcript"></section>';
    const [timeline, transcript] = element.children;
    this.timeline = new Timeline(timeline, { labels, words: spoken(), seek, toggle });
    this.keys = new KeySwitch();
    this.keys.setWords(spoken());
    timeline.append(this.keys.element);
    this.transcript = new Transcript(transcript, {
      labels,
      words: spoken(),
      unsureBelow,
      time: () => audio()?.currentTime,
      ...events,
      filtered: (hidden) => this.timeline.set(this.data, hidden),
      link: (seconds) => linkTo(seconds, this.data.entry, shared(), location.href.split("#")[0]),
    });
    this.wanted = linked(location.hash);
    this.presence = new Presence((told) => this.transcript.setOthers(told));
  }

  show(value) {
    if (value?.job !== this.job) {
      this.job = value?.job;
      this.read = new Map();
      this.timeline.reset();
      this.transcript.reset();
    }
    this.presence.watch(value?.entry ?? null);
    this.element.hidden = !value?.segments.length && !value?.peaks.chunks.length;
    if (!value) return;
    const segments = value.segments.map((json) => this.parse(json));
    this.data = { ...value, segments };
    this.transcript.set(value, segments);
    this.caption();
    this.heedPlayer();
    this.fetch();
    this.tick();
    if (value.entry && value.entry === this.wanted?.transcript) this.follow();
  }

  // The player is painted by an event of its own, before the text or after it.
  heedPlayer() {
    const place = document.querySelector("#player");
    if (!place || place === this.place) return;
    this.place = place;
    new MutationObserver(() => this.fetch()).observe(place, { childList: true, subtree: true });
  }

  // Asks for the length of the recording once the text is there.
  fetch() {
    const player = audio();
    if (this.data?.over && player?.preload === "none") player.preload = "metadata";
  }

  // Shows where the address leads, once; a reload then shows what is looked at by then.
  follow() {
    const { seconds } = this.wanted;
    this.wanted = null;
    history.replaceState(null, "", location.pathname + location.search);
    if (seconds === null) return;
    seek(seconds, false);
    this.timeline.setTime(seconds, false);
    this.transcript.lead(seconds);
  }

  // What is said, over the picture of a film.
  caption() {
    const film = document.querySelector("#player video");
    if (!film || !this.data) return;
    const track = film.textTracks[0] ?? film.addTextTrack("captions", words[locale()].part_text);
    track.mode = "showing";
    for (const cue of [...track.cues]) track.removeCue(cue);
    for (const [start, end, text] of subtitles ?? this.said())
      if (text)
        track.addCue(new VTTCue(start, end, text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")));
  }

  said() {
    return this.data.segments.map(({ start, end, text }) => [start, end, text]);
  }

  parse(json) {
    if (!this.read.has(json)) {
      const segment = JSON.parse(json);
      const { index, part } = segment;
      this.read.set(json, { ...segment, id: part ? `${index}.${part}` : `${index}` });
    }
    return this.read.get(json);
  }

  translate() {
    this.timeline.setWords(spoken());
    this.keys.setWords(spoken());
    this.transcript.setWords(spoken());
  }

  tick() {
    const player = audio();
    if (!player || this.element.hidden) return;
    this.timeline.setTime(player.currentTime, !player.paused);
    this.transcript.setTime(player.currentTime, !player.paused);
  }

  run() {
    this.tick();
    if (audio() && !audio().paused) requestAnimationFrame(() => this.run());
  }
}

// The keys of the timeline work wherever nothing else wants them.
document.addEventListener("keydown", (event) => {
  if (!viewer || viewer.element.hidden || event.defaultPrevented || event.target !== document.body)
    return;
  const { key } = event;
  if (key !== "Home" && key !== "End" && isHeeded(key) && viewer.timeline.key(event))
    event.preventDefault();
});

document.addEventListener("richspeech:locale", () => viewer?.translate());

followPlayer(audio, () => viewer);

document.addEventListener(
  "loadedmetadata",
  ({ target }) => target === audio() && viewer?.caption(),
  true,
);

// Has other captions over a film, each with start, end and text; null is what was said, by segments.
export function captionWith(cues) {
  subtitles = cues;
  viewer?.caption();
}

// What draws the waveform; null before there is one.
export const shownTimeline = () => viewer?.timeline ?? null;

// What gradio calls: draws what the server sends, and hands on corrections.
export function view(element, props, watch, events) {
  viewer = new Viewer(element.querySelector(".viewer"), events);
  watch("value", () => viewer.show(props.value || null));
  viewer.show(props.value || null); // gradio writes nothing as ""
}
