// Lists whose rows have buttons: the server draws them, this hands on what is pressed.
import { redraw } from "./redraw.js";

const MILLISECONDS_ARMED = 4000;

// A dangerous button wants a second press within a few seconds.
function arm(button, disarmed) {
  button.dataset.armed = "";
  button.textContent = button.dataset.sure;
  setTimeout(() => {
    delete button.dataset.armed;
    disarmed();
  }, MILLISECONDS_ARMED);
}

// What gradio calls: hands on those of the events that a pressed button names.
export function rowList(element, props, watch, trigger, events) {
  const place = element.querySelector(".row-list");
  const draw = () => redraw(place, props.value || "");

  place.addEventListener("click", (event) => {
    const button = event.target.closest("[data-press]");
    if (!button || !events.includes(button.dataset.press)) return;
    if (button.dataset.sure && !("armed" in button.dataset)) return arm(button, draw);
    delete button.dataset.armed; // so that the answer draws it anew
    trigger(button.dataset.press, { id: button.dataset.id });
  });
  watch("value", draw);
  draw();
}
