// The row over what was opened from a list: the recordings beside it by buttons, and by two keys.
import { keysAreOn } from "./keys.js";
import { redraw } from "./redraw.js";

const STEPS = { n: "next", p: "previous" };
const WRITING = "input:not([type='checkbox']), textarea, select, [contenteditable]";

// Which way a key leads, or null: it is wanted alone, once for each press, where nobody writes.
export function stepOf(event) {
  const { ctrlKey, metaKey, altKey, shiftKey, defaultPrevented, repeat, key, target } = event;
  if (ctrlKey || metaKey || altKey || shiftKey || defaultPrevented || repeat) return null;
  return keysAreOn() && !target.closest?.(WRITING) ? (STEPS[key] ?? null) : null;
}

// What gradio calls.
export function beside(element, props, watch, trigger, step) {
  const place = element.querySelector(".beside");
  const show = () => redraw(place, props.value || "");
  place.addEventListener("click", ({ target }) => {
    const { step: way, tab } = target.closest("button")?.dataset ?? {};
    if (way) trigger(step, { id: way });
    if (tab) document.querySelector(`#tabs [role="tab"][data-tab-id="${tab}"]`)?.click();
  });
  // Also from the list that it was opened from, where it is marked.
  const isInView = () =>
    [place.firstChild, document.querySelector(".rows > .opened")].some((each) =>
      each?.checkVisibility(),
    );
  document.addEventListener("keydown", (event) => {
    const way = place.firstChild && stepOf(event);
    if (!way || !isInView()) return;
    event.preventDefault();
    trigger(step, { id: way });
  });
  watch("value", show);
  show();
}
