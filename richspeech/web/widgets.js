// Words that gradio fixes when it draws a widget; style.css shows data-word in their place.
import { words } from "./data.js";
import { locale } from "./locale.js";

// Within elements of our own classes; gradio gives these parts no other names.
const NAMED = {
  ".upload-container": "drop",
  ".upload-container > .wrap": "drop",
  ".record-button": "record",
  ".stop-button": "stop",
  ".stop-button-paused": "stop",
  ".pause-button": "pause",
  ".resume-button": "resume",
  ".mic-select": "microphone_choice",
  ".toast-title.error": "refused",
};
// The animation by which style.css tells that such an element was drawn.
const DRAWN = "richspeech-drawn";
const watched = new Set();

function rename(widget) {
  for (const [selector, key] of Object.entries(NAMED)) {
    const word = words[locale()][key === "drop" && widget.matches(".many") ? "batch_drop" : key];
    for (const element of widget.querySelectorAll(selector)) {
      if (element.dataset.word !== word) element.dataset.word = word;
      if (element.matches("button, select")) element.setAttribute("aria-label", word);
    }
  }
  for (const element of widget.querySelectorAll(".icon-button:has(.upload-container)")) unnest(element);
}

// Gradio has a button within a button, of which the outer one does nothing.
function unnest(outer) {
  outer.setAttribute("role", "group");
  outer.setAttribute("aria-label", words[locale()].batch_more);
  outer.removeAttribute("aria-haspopup");
  outer.title = words[locale()].batch_more;
  outer.tabIndex = -1;
}

export function renameWidgets() {
  for (const widget of watched) {
    if (widget.isConnected) rename(widget);
    else watched.delete(widget);
  }
}

export function watchWidgets() {
  document.addEventListener("animationstart", ({ animationName, target }) => {
    if (!animationName.startsWith(DRAWN) || watched.has(target)) return;
    watched.add(target);
    new MutationObserver(() => rename(target)).observe(target, { childList: true, subtree: true });
    rename(target);
  });
}
