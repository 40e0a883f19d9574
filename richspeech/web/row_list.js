// Lists whose rows have buttons: the server draws them, this hands on what is pressed.
import { redraw } from "./redraw.js";

const MILLISECONDS_ARMED = 4000;
const ROWS = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };
const WRITING = "input, textarea, select, [contenteditable]";

// A dangerous button wants a second press within a few seconds.
function arm(button, disarmed) {
  button.dataset.armed = "";
  button.textContent = button.dataset.sure;
  setTimeout(() => {
    delete button.dataset.armed;
    disarmed();
  }, MILLISECONDS_ARMED);
}

const isPlain = (event) =>
  !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.defaultPrevented);

// From a button of a row to the name of the next row that can be opened; from outside to the first.
function walk(place, event) {
  const way = isPlain(event) && ROWS[event.key];
  if (!way || event.target.closest(WRITING)) return;
  const names = [...place.querySelectorAll("button.row-name")];
  const at = names.indexOf(event.target.closest("li")?.querySelector("button.row-name"));
  const name = at < 0 ? names[0] : names[at + way];
  if (!name) return;
  event.preventDefault();
  name.focus();
}

// What gradio calls: hands on those of the events that a pressed button names.
export function rowList(element, props, watch, trigger, events) {
  const place = element.querySelector(".row-list");
  const draw = () => redraw(place, props.value || "");

  place.addEventListener("click", (event) => {
    const button = event.target.closest("[data-press]");
    if (!button?.matches("button") || !events.includes(button.dataset.press)) return;
    if (button.dataset.sure && !("armed" in button.dataset)) return arm(button, draw);
    delete button.dataset.armed; // so that the answer draws it anew
    const { press, id, value } = button.dataset;
    trigger(press, value === undefined ? { id } : { id, value });
  });
  place.addEventListener("submit", (event) => {
    const { press, id } = event.target.dataset;
    if (!events.includes(press)) return;
    event.preventDefault();
    const field = event.target.elements.value;
    trigger(press, { id, value: field.value });
    field.value = "";
  });
  place.addEventListener("keydown", (event) => walk(place, event));
  watch("value", draw);
  draw();
}
