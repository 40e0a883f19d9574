// Files that are being made, highlights to choose from, and the columns of the insight. What is
// drawn here came from the server as HTML, in which everything from outside is escaped.
import { redraw } from "./redraw.js";
import { remember, remembered } from "./remembered.js";
import { audio, captionWith, shownTimeline } from "./viewer.js";

// Downloads every file that was finished while this page looked on.
export function exportJobs(element, props, watch, events) {
  const place = element.querySelector(".export-jobs");
  let seen = null;
  const show = () => {
    const { html = "", ready = {} } = props.value || {};
    redraw(place, html);
    const fresh = seen ? Object.keys(ready).filter((key) => !seen.has(key)) : [];
    if (props.value) seen = new Set(Object.keys(ready));
    for (const key of fresh) events.save(ready[key]);
  };
  place.addEventListener("click", ({ target }) => {
    const { stop, save } = target.dataset;
    if (stop) events.stop(stop);
    if (save) events.save(save);
  });
  watch("value", show);
  show();
}

const LAST_EXPORT = "richspeech.export";

// A tab of the result: what is being recognised appears as text.
export function showPart(name) {
  document.querySelector(`#result-tabs [role="tab"][data-tab-id="${name}"]`)?.click();
}

// Presses a button of the export tab, once gradio has made it: that is when the tab is opened first.
function pressForm(form) {
  const find = () => document.querySelector(`#download-${form}`);
  if (find()) return find().click();
  new MutationObserver((_, observer) => {
    if (!find()) return;
    observer.disconnect();
    find().click();
  }).observe(document.querySelector("#result-tabs"), { childList: true, subtree: true });
  showPart("export");
}

// One press exports in the format of the last time.
export function lastExport(element, props, watch) {
  const button = element.querySelector("button");
  const show = () => {
    const forms = props.value || {};
    const [usual] = Object.keys(forms);
    const last = remembered(LAST_EXPORT);
    button.dataset.form = last in forms ? last : usual;
    button.textContent = forms[button.dataset.form];
    button.hidden = !usual;
  };
  button.addEventListener("click", () => pressForm(button.dataset.form));
  document.addEventListener("click", ({ target }) => {
    const pressed = target.closest?.("[id^='download-']");
    if (!pressed) return;
    remember(LAST_EXPORT, pressed.id.replace("download-", ""));
    show();
  });
  watch("value", show);
  show();
}

// The first lines of subtitles, and all of them over a film.
export function subtitles(element, props, watch) {
  const place = element.querySelector(".subtitles");
  const show = () => {
    const { html = "", cues = null } = props.value || {};
    redraw(place, html);
    captionWith(cues);
  };
  watch("value", show);
  show();
}

// What was unticked stays so while the same recording is corrected or the language changes.
export function chooser(element, props, watch, { make, trim }) {
  const place = element.querySelector(".chooser");
  const left = new Set();
  let job = null;
  const boxes = () => [...place.querySelectorAll("[data-key]")];
  const count = () => {
    const chosen = boxes().filter((box) => box.checked).length;
    const status = place.querySelector("[data-count]");
    if (status) status.textContent = status.dataset.count.replace("#", chosen);
    for (const button of place.querySelectorAll("[data-make]"))
      button.disabled = !chosen || "gone" in button.dataset;
  };
  const unfold = async (details) => {
    const { showTrim } = await import(new URL("./trim.js", import.meta.url));
    showTrim(details, { timeline: shownTimeline, player: audio, send: trim });
  };
  const note = (box) => (box.checked ? left.delete(box.dataset.key) : left.add(box.dataset.key));
  const tick = (checked) => {
    for (const box of boxes()) note(Object.assign(box, { checked }));
    count();
  };
  const show = () => {
    const value = props.value || {};
    if (value.job !== job) left.clear();
    job = value.job;
    redraw(place, value.html || "", () => {
      for (const box of boxes()) box.checked = !left.has(box.dataset.key);
      count();
      for (const details of place.querySelectorAll(".trim[open]")) unfold(details);
    });
  };
  place.addEventListener("change", ({ target }) => {
    if (target.dataset.key) note(target);
    count();
  });
  const toggled = ({ target }) => target.open && target.matches(".trim") && unfold(target);
  place.addEventListener("toggle", toggled, true);
  place.addEventListener("click", ({ target }) => {
    const chosen = boxes()
      .filter((box) => box.checked)
      .map((box) => box.dataset.key);
    if ("all" in target.dataset) tick(true);
    if ("none" in target.dataset) tick(false);
    if (target.dataset.make) make({ form: target.dataset.make, chosen });
  });
  watch("value", show);
  show();
}

// One stop of the tabulator for all columns; the arrows go from one to the next.
document.addEventListener("keydown", (event) => {
  const column = event.target.closest?.(".windows button");
  const way = { ArrowRight: "nextElementSibling", ArrowLeft: "previousElementSibling" }[event.key];
  const next = way && column?.[way];
  if (!next) return;
  event.preventDefault();
  column.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});
