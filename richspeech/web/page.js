// The one entry of the page. Runs before gradio, whose snippets (js_on_load, js=) call what
// window.richspeech offers; nothing else is global.
import { labels, words } from "./data.js";
import { beside } from "./beside.js";
import { make } from "./dom.js";
import { calmTrackers } from "./frames.js";
import { rowList } from "./row_list.js";
import { choose, heedEarlierChoice, locale, tag, tellGradio, visitor, windowKey } from "./locale.js";
import { keepSpeed } from "./player.js";
import { watchConnection } from "./reconnect.js";
import { remembered } from "./remembered.js";
import { chooser, exportJobs, lastExport, showPart, subtitles } from "./review.js";
import { segmentTable } from "./table.js";
import { audio, view } from "./viewer.js";
import { renameWidgets, watchWidgets } from "./widgets.js";

const root = document.documentElement;

function settle() {
  document.title = words[locale()].page_title;
  renameWidgets();
  root.lang = tag();
  root.dataset.settled = locale();
  document.dispatchEvent(new Event("richspeech:locale"));
  for (const element of document.querySelectorAll("[data-hostname]"))
    element.textContent = location.hostname;
}

// The server names the events that have something to show in this window.
function pageLoad(props, watch, trigger) {
  watch("value", () => (props.value?.wanted ?? []).forEach((name) => trigger(name)));
  // Nobody looks at a tab behind another, which is painted seldom.
  const tell = () => trigger("sight", { hidden: document.hidden });
  document.addEventListener("visibilitychange", tell);
  if (document.hidden) tell();
}

// Cards to press, each with its number.
function examples(element, choose) {
  element.addEventListener("click", ({ target }) => {
    const card = target.closest("[data-example]");
    if (card) choose(Number(card.dataset.example));
  });
}

// Few come to talk, and a first visit through a tunnel counts every kilobyte.
async function live(...tab) {
  const loaded = await import(new URL("./live.js", import.meta.url));
  loaded.live(...tab, { labels, locale, windowKey });
}

async function emotionCurve(...curve) {
  const loaded = await import(new URL("./emotion.js", import.meta.url));
  loaded.emotionCurve(...curve, () => words[locale()]);
}

const form =
  (name) =>
  async (...place) =>
    (await import(new URL("./forms.js", import.meta.url))).forms[name](...place);

const download = (selector) => setTimeout(() => document.querySelector(selector)?.click(), 150);

// "help" or "tour", by a script that nobody loads in vain.
async function guide(wanted) {
  await import(new URL("./tour.js", import.meta.url));
  document.dispatchEvent(new CustomEvent("richspeech:guide", { detail: wanted }));
}

window.richspeech = {
  ...{ visitor, choose, settle, pageLoad, download, examples },
  ...{ view, emotionCurve, rowList, beside, exportJobs, lastExport, chooser, live },
  ...{ subtitles, segmentTable, ruleForm: form("ruleForm"), settingsForm: form("settingsForm") },
};

// An upload says which window sends it: nobody else may then use it. Whose login has ended is
// led to the form.
const send = window.fetch.bind(window);
window.fetch = async (address, options = {}) => {
  const { origin, pathname } = new URL(address.url ?? address, document.baseURI);
  const isOwn = origin === location.origin;
  const isUpload = isOwn && pathname.endsWith("/gradio_api/upload");
  const headers = { ...options.headers, "X-Richspeech-Window": windowKey() };
  const answer = await send(address, isUpload ? { ...options, headers } : options);
  if (isOwn && answer.status === 401) location.reload();
  return answer;
};

// Gradio's recorder draws no level: what it records is shown in its place on the page.
if (navigator.mediaDevices) {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    const recorders = [...document.querySelectorAll(".microphone-input")];
    const place = recorders.find((each) => each.checkVisibility());
    if (place) {
      const { showLevel } = await import(new URL("./level.js", import.meta.url));
      showLevel(stream, place, words[locale()].live_level);
    }
    return stream;
  };
}

function play(seconds) {
  if (!audio()) return;
  audio().currentTime = seconds;
  audio()
    .play()
    .catch(() => {});
}

async function copy(button) {
  await write(button.dataset.copy);
  const before = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => {
    if (button.textContent === button.dataset.copied) button.textContent = before;
  }, 1500);
}

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

// On a phone the result is further down; where exactly is known once the answer has come, since
// the field above it changes its height, too.
function showResult(pressed) {
  const status = pressed.closest(".columns")?.querySelector(".status");
  if (!status) return;
  new MutationObserver((_, observer) => {
    observer.disconnect();
    setTimeout(() => status.closest(".card").scrollIntoView({ behavior: "smooth" }), 100);
  }).observe(status, { childList: true, subtree: true });
}

document.addEventListener("click", ({ target }) => {
  const time = target.closest?.("[data-seek]");
  if (time) play(Number(time.dataset.seek));
  const part = target.closest?.("[data-part]");
  if (part) showPart(part.dataset.part);
  const pressed = target.closest?.(".starts, .examples button");
  if (pressed) showPart("text");
  if (pressed && matchMedia("(max-width: 760px)").matches) showResult(pressed);
  const button = target.closest?.("[data-copy]");
  if (button) copy(button);
  const guiding = target.closest?.("[data-guide]");
  if (guiding) guide(guiding.dataset.guide);
});

// Media events do not bubble, but they can be caught on their way down. A format is one that cannot be
// played where the browser says so: Firefox fails, too, while there is nothing to hear it with.
for (const name of ["error", "loadedmetadata"]) {
  const mark = ({ target }) => {
    if (!target.matches?.(".player :is(audio, video)")) return;
    const isMute = target.error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    target.parentElement.classList.toggle("mute", isMute);
  };
  document.addEventListener(name, mark, true);
}

root.classList.toggle("insecure", !window.isSecureContext);
root.classList.toggle("has-toured", remembered("richspeech.tour") !== null);
tellGradio();
calmTrackers();
heedEarlierChoice();
watchWidgets();
watchConnection();
keepSpeed();
